package alerts

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// written is a rule as it stands in a file.
type written struct {
	Record, Alert, Expr, For string
	Labels, Annotations      map[string]string
}

// rules reads every rule there is.
func rules(t *testing.T) []written {
	t.Helper()
	var all []written
	for _, name := range files(t, "rules/*.yaml") {
		var f struct {
			Groups []struct {
				Name, Interval string
				Rules          []written
			}
		}
		read(t, name, &f)
		for _, g := range f.Groups {
			all = append(all, g.Rules...)
		}
	}
	return all
}

// alarms are the rules that alert, by name and severity such as "SagaStuck ticket".
func alarms(t *testing.T) map[string]written {
	t.Helper()
	all := map[string]written{}
	for _, r := range rules(t) {
		if r.Alert == "" {
			continue
		}
		key := r.Alert + " " + r.Labels["severity"]
		if _, twice := all[key]; twice {
			t.Errorf("%s is there twice", key)
		}
		all[key] = r
	}
	if len(all) < 25 {
		t.Errorf("read %d alerts: most are missing", len(all))
	}
	return all
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: found %d files, %v", pattern, len(names), err)
	}
	return names
}

// read decodes a YAML file. What the struct has no field for is a mistake in the file, or in the test.
func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text), yaml.DisallowUnknownField())
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		t.Fatalf("%s has a second document (%v), which this test does not read", name, err)
	}
}

func TestCommittedRulesAreTheGeneratedOnes(t *testing.T) {
	want, err := Rules(Objectives()).Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("rules/slo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("rules/slo.yaml is not what objectives.go gives: run make alerts")
	}
}

func TestEveryAlertSaysHowBadItIsWhatItMeansAndWhatToDo(t *testing.T) {
	for name, a := range alarms(t) {
		for label, values := range map[string][]string{"severity": {Page, Ticket}, "category": {Symptom, Cause, Business}} {
			if !slices.Contains(values, a.Labels[label]) {
				t.Errorf("%s: %s is %q, want one of %v", name, label, a.Labels[label], values)
			}
		}
		if a.Labels["service"] == "" {
			t.Errorf("%s does not say which service it is about", name)
		}
		if summary := a.Annotations["summary"]; summary == "" || strings.HasSuffix(summary, ".") {
			t.Errorf("%s: the summary %q is not a headline", name, summary)
		}
		if description := a.Annotations["description"]; !strings.HasSuffix(description, ".") || !strings.Contains(description+a.Annotations["summary"], "{{") {
			t.Errorf("%s: the description %q is not a sentence with a figure or a name in it", name, description)
		}
		if got := a.Annotations["runbook_url"]; got != Runbook(a.Alert) {
			t.Errorf("%s: the runbook is %q, want %q", name, got, Runbook(a.Alert))
		}
	}
}

// sections are what somebody who was woken up looks for.
var sections = []string{"## What it means", "## How to see it", "## What to do", "## How to know that it is over"}

func TestEveryAlertHasARunbookAndEveryRunbookAnAlert(t *testing.T) {
	open := map[string]bool{}
	for _, name := range files(t, "runbooks/*.md") {
		open[name] = true
	}
	for _, a := range alarms(t) {
		text, err := os.ReadFile(strings.TrimPrefix(Runbook(a.Alert), "alerts/"))
		if err != nil {
			t.Errorf("%s has no runbook: %v", a.Alert, err)
			continue
		}
		delete(open, "runbooks/"+a.Alert+".md")
		if !strings.HasPrefix(string(text), "# "+a.Alert+"\n") {
			t.Errorf("the runbook of %s begins with another name", a.Alert)
		}
		var found []string
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "## ") {
				found = append(found, strings.TrimSpace(line))
			}
		}
		if !slices.Equal(found, sections) {
			t.Errorf("the runbook of %s has the sections %q, want %q", a.Alert, found, sections)
		}
	}
	for name := range maps.Keys(open) {
		t.Errorf("%s is the runbook of no alert", name)
	}
}

// query finds the queries that a runbook gives to copy.
var query = regexp.MustCompile("(?s)```promql\n(.*?)```")

func TestQueriesInRunbooksAskForWhatThereIs(t *testing.T) {
	checked, known := 0, recorded(t)
	for _, name := range files(t, "runbooks/*.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range query.FindAllStringSubmatch(string(text), -1) {
			for line := range strings.Lines(found[1]) {
				checked++
				for _, wrong := range mistakes(known, strings.TrimSpace(line)) {
					t.Errorf("%s: %v", name, wrong)
				}
			}
		}
	}
	if checked < 25 {
		t.Errorf("checked %d queries: most were missed", checked)
	}
}
