package stack

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// decode reads one of the files that a container is given.
func decode(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(file(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestPrometheusAsksEveryServiceWhereItAnswers(t *testing.T) {
	var config struct {
		ScrapeConfigs []struct {
			JobName       string `yaml:"job_name"`
			StaticConfigs []struct {
				Targets []string
				Labels  map[string]string
			} `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
		RuleFiles []string `yaml:"rule_files"`
	}
	decode(t, "prometheus/prometheus.yaml", &config)
	s, found := everything(t), map[string]string{}
	for _, job := range config.ScrapeConfigs {
		for _, static := range job.StaticConfigs {
			found[job.JobName] = static.Targets[0] + " " + static.Labels["instance"]
		}
	}
	for _, u := range theShop(t).Units {
		if u.Kind != "service" {
			continue
		}
		env := s.Services[u.Name].Environment
		want := strings.Replace(env["ADMIN_ADDR"], "0.0.0.0", u.Name, 1) + " " + env["INSTANCE"]
		if got := found[u.Name]; got != want {
			t.Errorf("job %s asks %q, want %q", u.Name, got, want)
		}
		if host, _, _ := strings.Cut(want, ":"); !slices.Contains(s.callers(host), "prometheus") {
			t.Errorf("prometheus does not reach %s", host)
		}
	}
	if want := "/etc/prometheus/rules/*.yaml"; !slices.Contains(config.RuleFiles, want) {
		t.Errorf("rules are read from %v, want %s", config.RuleFiles, want)
	}
	for _, mount := range append(s.Services["prometheus"].Volumes, s.Services["alertmanager"].Volumes...) {
		if source, _, _ := strings.Cut(mount, ":"); strings.HasPrefix(source, ".") {
			if _, err := os.Stat(filepath.Join(layers, source)); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestEveryServiceSendsItsSpansToJaegerAndTheLegacyClientItsOwn(t *testing.T) {
	s := laid(t, "shop", "observability")
	for _, u := range theShop(t).Units {
		if u.Kind == "service" && s.Services[u.Name].Environment["OTLP_ENDPOINT"] != "jaeger:4317" {
			t.Errorf("%s sends its spans to %q", u.Name, s.Services[u.Name].Environment["OTLP_ENDPOINT"])
		}
		if u.Kind == "service" && len(s.shared(u.Name, "jaeger")) == 0 {
			t.Errorf("%s does not reach Jaeger", u.Name)
		}
	}
	if got, want := s.Services["card-processor"].Environment["JAEGER_ENDPOINT"], "http://jaeger:14268/api/traces"; got != want {
		t.Errorf("the card processor sends its spans to %q, want %q", got, want)
	}
	if got := s.shared("card-processor", "jaeger"); !slices.Equal(got, []string{"card-spans"}) {
		t.Errorf("the card processor and Jaeger share %v", got)
	}
	jaeger := file(t, "jaeger/config.yaml")
	for _, port := range []string{"4317", "14268", "16686"} {
		if !strings.Contains(jaeger, "0.0.0.0:"+port) {
			t.Errorf("Jaeger does not listen on %s", port)
		}
	}
}

func TestGrafanaFindsItsDataAndLeadsFromOneToTheOther(t *testing.T) {
	var provisioned struct {
		Datasources []struct {
			Name, UID, Type, URL string
			JSONData             struct {
				Exemplars []struct {
					Name          string
					DatasourceUID string `yaml:"datasourceUid"`
				} `yaml:"exemplarTraceIdDestinations"`
				DerivedFields []struct {
					MatcherRegex  string `yaml:"matcherRegex"`
					DatasourceUID string `yaml:"datasourceUid"`
				} `yaml:"derivedFields"`
				TracesToLogs struct {
					DatasourceUID string `yaml:"datasourceUid"`
				} `yaml:"tracesToLogsV2"`
			} `yaml:"jsonData"`
		}
	}
	decode(t, "grafana/provisioning/datasources/datasources.yaml", &provisioned)
	s, leads := everything(t), map[string]string{}
	for _, d := range provisioned.Datasources {
		host := regexp.MustCompile(`^http://([a-z]+):\d+$`).FindStringSubmatch(d.URL)
		if d.UID != d.Type || host == nil || host[1] != d.UID || len(s.shared("grafana", host[1])) == 0 {
			t.Errorf("%s: uid %s, type %s, at %s", d.Name, d.UID, d.Type, d.URL)
		}
		for _, e := range d.JSONData.Exemplars {
			leads[d.UID] = e.Name + " " + e.DatasourceUID
		}
		for _, f := range d.JSONData.DerivedFields {
			line := regexp.MustCompile(f.MatcherRegex).FindStringSubmatch(`{"level":"info","trace_id":"0af7651916cd43dd8448eb211c80319c"}`)
			if len(line) != 2 || line[1] != "0af7651916cd43dd8448eb211c80319c" {
				t.Errorf("a log line's trace is read as %q", line)
			}
			leads[d.UID] = "trace_id " + f.DatasourceUID
		}
		if to := d.JSONData.TracesToLogs.DatasourceUID; to != "" {
			leads[d.UID] = to
		}
	}
	for from, want := range map[string]string{"prometheus": "trace_id jaeger", "loki": "trace_id jaeger", "jaeger": "loki"} {
		if leads[from] != want {
			t.Errorf("from %s one comes to %q, want %q", from, leads[from], want)
		}
	}
}

func TestEveryContainersLinesAreCollectedUnderItsName(t *testing.T) {
	text := file(t, "grafana.yaml")
	for _, name := range laid(t, "shop").Names() {
		if line := "  " + name + ": {labels: {service: " + name + "}, logging: *collected}\n"; !strings.Contains(text, line) {
			t.Errorf("grafana.yaml lacks %q", line)
		}
	}
	var collector struct {
		Pipeline struct{ Outputs []map[string]any }
	}
	decode(t, "fluent-bit/fluent-bit.yaml", &collector)
	if len(collector.Pipeline.Outputs) != 1 || collector.Pipeline.Outputs[0]["labels"] != "service=$service" {
		t.Errorf("lines get the labels of %v, want the service alone", collector.Pipeline.Outputs)
	}
	var loki, provider map[string]any
	decode(t, "loki/loki.yaml", &loki)
	decode(t, "grafana/provisioning/dashboards/dashboards.yaml", &provider)
	if loki["schema_config"] == nil || provider["providers"] == nil {
		t.Error("Loki has no schema, or Grafana no dashboards")
	}
}
