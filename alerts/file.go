package alerts

import (
	"bytes"
	"fmt"

	"github.com/goccy/go-yaml"
)

// The values of the label severity: a page wakes somebody, a ticket waits for the morning.
const (
	Page   = "page"
	Ticket = "ticket"
)

// The values of the label category: what shoppers notice, what makes it so, and what costs money or trust.
const (
	Symptom  = "symptom"
	Cause    = "cause"
	Business = "business"
)

// File is a rule file of Prometheus, as far as ours go.
type File struct {
	Groups []Group `yaml:"groups"`
}

// Group is evaluated in the order of its rules.
type Group struct {
	Name string `yaml:"name"`
	// Interval is the time between two evaluations.
	Interval string `yaml:"interval"`
	Rules    []Rule `yaml:"rules"`
}

// Rule records a series or raises an alert.
type Rule struct {
	Record      string `yaml:"record,omitempty"`
	Alert       string `yaml:"alert,omitempty"`
	Expr        string `yaml:"expr"`
	For         string `yaml:"for,omitempty"`
	Labels      pairs  `yaml:"labels,omitempty"`
	Annotations pairs  `yaml:"annotations,omitempty"`
}

type label struct{ name, value string }

// pairs keep their order in the file, so that the file reads well and never changes by chance.
type pairs []label

// MarshalYAML implements yaml.InterfaceMarshaler.
func (ls pairs) MarshalYAML() (any, error) {
	var m yaml.MapSlice
	for _, l := range ls {
		m = append(m, yaml.MapItem{Key: l.name, Value: l.value})
	}
	return m, nil
}

// Runbook is where an alert's runbook is, from the repository's root.
func Runbook(alert string) string { return "alerts/runbooks/" + alert + ".md" }

// Encode writes the file as YAML.
func (f File) Encode() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# Made by `make alerts` from alerts/objectives.go; change that.\n")
	if err := yaml.NewEncoder(&b, yaml.UseLiteralStyleIfMultiline(true), yaml.IndentSequence(true)).Encode(f); err != nil {
		return nil, fmt.Errorf("encode rules: %w", err)
	}
	return b.Bytes(), nil
}
