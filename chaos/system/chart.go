package system

import (
	"regexp"

	"github.com/goccy/go-yaml/ast"
)

// Chart is one picture that a report draws of a run: what a query answered while it lasted.
type Chart struct {
	Title  string   `json:"title"`
	Query  string   `json:"query"`            // PromQL that answers any number of series
	Series string   `json:"series"`           // what each series is called, with $label for the value of a label
	Unit   string   `json:"unit,omitempty"`   // of the values, such as orders
	States []string `json:"states,omitempty"` // what the values 0, 1, … mean, where they are states; the first is the quiet one
}

// seriesLabel matches $label in the name of a series.
var seriesLabel = regexp.MustCompile(`\$[a-zA-Z_][a-zA-Z0-9_]*`)

// Name is what the series with these labels is called.
func (c Chart) Name(labels map[string]string) string {
	return seriesLabel.ReplaceAllStringFunc(c.Series, func(word string) string { return labels[word[1:]] })
}

// chart reads one entry of `report`.
func (r *reader) chart(n ast.Node) Chart {
	var c Chart
	keys := r.known(n, "a chart", "title", "query", "series", "unit", "states")
	for _, key := range []struct {
		name string
		into *string
	}{{"title", &c.Title}, {"query", &c.Query}, {"series", &c.Series}, {"unit", &c.Unit}} {
		f, ok := keys[key.name]
		if ok {
			*key.into = r.text(f.value, key.name)
		} else if key.name != "unit" {
			r.fail(n.GetToken(), "a chart has no %s", key.name)
			return c
		}
	}
	if !seriesLabel.MatchString(c.Series) {
		r.fail(keys["series"].value.GetToken(), "series does not tell one series from another: expected a label in it, such as $state")
	}
	if f, ok := keys["states"]; ok {
		c.States = r.texts(f.value, "states")
		if len(c.States) < 2 {
			r.fail(f.value.GetToken(), "expected states as at least two names, for the values 0 and 1")
		}
	}
	return c
}
