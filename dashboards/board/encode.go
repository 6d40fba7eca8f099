package board

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// JSON is the dashboard as Grafana reads it, indented, with a newline at the end. The same dashboard always gives the
// same bytes.
func (d Dashboard) JSON() ([]byte, error) {
	page, err := d.page()
	if err != nil {
		return nil, err
	}
	return encode(d.UID, page)
}

// page is the built dashboard as plain JSON values, with what the SDK's type has no field for.
func (d Dashboard) page() (map[string]any, error) {
	built, err := d.Build()
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(built)
	if err != nil {
		return nil, fmt.Errorf("encode dashboard %s: %w", d.UID, err)
	}
	var page map[string]any
	if err := json.Unmarshal(raw, &page); err != nil {
		return nil, fmt.Errorf("encode dashboard %s: %w", d.UID, err)
	}
	d.describeMarks(page)
	return page, nil
}

// describeMarks says what a mark's text is: the SDK's annotations have no such field, and Grafana's Prometheus plugin
// reads it.
func (d Dashboard) describeMarks(page map[string]any) {
	if len(d.Marks) == 0 {
		return
	}
	list := page["annotations"].(map[string]any)["list"].([]any)
	for i, m := range d.Marks {
		list[i].(map[string]any)["titleFormat"] = m.Name
		list[i].(map[string]any)["textFormat"] = m.Text
	}
}

func encode(uid string, page map[string]any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(page); err != nil {
		return nil, fmt.Errorf("encode dashboard %s: %w", uid, err)
	}
	return out.Bytes(), nil
}
