package board

import (
	"encoding/json"
	"fmt"
	"slices"
)

// input is a question that Grafana asks when a shared dashboard is imported: which data source to take.
type input struct {
	Name        string `json:"name"`
	Label       string `json:"label"`
	Description string `json:"description"`
	Type        string `json:"type"`
	PluginID    string `json:"pluginId"`
	PluginName  string `json:"pluginName"`
}

// requirement is a part of Grafana that a shared dashboard needs.
type requirement struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

// oldest is the oldest Grafana that the dashboards are meant for: the one that brought the newest schema they use.
const oldest = "12.0.0"

// Export is the dashboard for sharing on grafana.com: it asks for its data sources when it is imported, and names what
// it needs.
func (d Dashboard) Export() ([]byte, error) {
	page, err := d.page()
	if err != nil {
		return nil, err
	}
	inputs := d.inputs()
	page["id"] = nil
	page["__elements"] = map[string]any{}
	page["__inputs"] = inputs
	page["__requires"] = requirements(page, inputs)
	if err := preset(page, inputs); err != nil {
		return nil, fmt.Errorf("export dashboard %s: %w", d.UID, err)
	}
	return encode(d.UID, page)
}

func (d Dashboard) inputs() []input {
	all := []input{{"DS_PROMETHEUS", "Prometheus", "The Prometheus that scrapes the shop.", "datasource", "prometheus", "Prometheus"}}
	if d.hasLogs() {
		all = append(all, input{"DS_LOKI", "Loki", "The Loki that holds the shop's log lines.", "datasource", "loki", "Loki"})
	}
	return all
}

// requirements are Grafana itself, the data sources, and each kind of panel on the page.
func requirements(page map[string]any, inputs []input) []requirement {
	all := []requirement{{"grafana", "grafana", "Grafana", oldest}}
	for _, in := range inputs {
		all = append(all, requirement{"datasource", in.PluginID, in.PluginName, "1.0.0"})
	}
	var kinds []string
	for _, p := range page["panels"].([]any) {
		if kind := p.(map[string]any)["type"].(string); kind != "row" && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		all = append(all, requirement{"panel", kind, kind, ""})
	}
	return all
}

// preset makes the variables of the data sources start with the answers to the inputs.
func preset(page map[string]any, inputs []input) error {
	for _, in := range inputs {
		variable := variableOf(page, in.PluginID)
		if variable == nil {
			raw, _ := json.Marshal(page["templating"])
			return fmt.Errorf("find the variable of data source %s in %s", in.PluginID, raw)
		}
		answer := "${" + in.Name + "}"
		variable["current"] = map[string]any{"selected": true, "text": answer, "value": answer}
	}
	return nil
}

// variableOf finds the variable that stands for data sources of the plugin.
func variableOf(page map[string]any, plugin string) map[string]any {
	for _, v := range page["templating"].(map[string]any)["list"].([]any) {
		if variable := v.(map[string]any); variable["type"] == "datasource" && variable["query"] == plugin {
			return variable
		}
	}
	return nil
}
