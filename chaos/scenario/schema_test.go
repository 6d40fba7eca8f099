package scenario_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"stormglass/chaos/scenario"
)

const schemaFile = "../../scenarios/schema.json"

func TestTheCommittedSchemaIsTheGeneratedOne(t *testing.T) {
	want, err := scenario.Schema()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the format says: run `make generate`", schemaFile)
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := scenario.Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, source []byte) error {
	t.Helper()
	text, err := yaml.YAMLToJSON(source)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

func TestEveryScenarioKeepsToTheSchema(t *testing.T) {
	schema := compiled(t)
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d files and error %v", len(files), err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, source); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestTheSchemaKnowsEachFormThatParseTakes(t *testing.T) {
	schema := compiled(t)
	const head = "name: a\nclaim: b\nload: {shoppers: c, rate: 20/s}\nsteady: 1s\n"
	for name, rest := range map[string]string{
		"long steady":   "",
		"delay":         "faults: [{at: 0s, for: 1s, do: delay, link: a -> b, latency: 5ms, jitter: 1ms, direction: request}]",
		"throttle":      "faults: [{for: 1s, do: throttle, link: a -> b, rate: 2.5kB/s}]",
		"flapping":      "faults: [{for: 3m, do: refuse, link: a -> b, on: 100ms, off: 1m5s}]",
		"capacity":      "faults: [{for: 1s, do: probe-capacity, shoppers: x, visits: 99}, {at: 2s, for: 1s, do: crowd, shoppers: x, visits: 9, capacity: 2.5}]",
		"trigger":       "faults: [{for: 1s, do: kill, process: a, when: {link: a -> b, request: x, nth: 3}}]",
		"settings":      "settings: {order: {LIMIT: 5, OPEN: true, NAME: x}}\ninstances: {order: 2}",
		"expectations":  "recover: 1s\nexpect: {after: [{check: x, within: 1s}, {signal: x, at_least: 0.5, at_most: 1, min_samples: 3}, {promql: up, at_most: 1}]}",
		"every verdict": "verdict: INCONCLUSIVE",
	} {
		source := []byte(head + rest)
		if _, err := scenario.Parse("x.yaml", source); err != nil {
			t.Fatalf("%s: Parse does not take it: %v", name, err)
		}
		if err := validate(t, schema, source); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheSchemaRefusesWhatParseRefuses(t *testing.T) {
	schema := compiled(t)
	const head = "name: a\nclaim: b\nload: {shoppers: c, rate: 20/s}\nsteady: 1s\n"
	for name, rest := range map[string]string{
		"unknown key":         "fautls: []",
		"unknown fault":       "faults: [{for: 1s, do: blackhol, link: a -> b}]",
		"key of another":      "faults: [{for: 1s, do: refuse, link: a -> b, latency: 5ms}]",
		"probe of a multiple": "faults: [{for: 1s, do: probe-capacity, shoppers: x, visits: 99, capacity: 2}]",
		"process on a link":   "faults: [{for: 1s, do: kill, link: a -> b}]",
		"fault without end":   "faults: [{do: refuse, link: a -> b}]",
		"duration as number":  "recover: 5",
		"unknown direction":   "faults: [{for: 1s, do: stall, link: a -> b, direction: up}]",
		"breaker without key": "expect: {during: [{breaker: a -> b}]}",
		"check during":        "expect: {during: [{check: x, within: 1s}]}",
		"unknown verdict":     "verdict: MAYBE",
	} {
		source := []byte(head + rest)
		if _, err := scenario.Parse("x.yaml", source); err == nil {
			t.Fatalf("%s: Parse takes it", name)
		}
		if err := validate(t, schema, source); err == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}
