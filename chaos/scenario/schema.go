package scenario

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"stormglass/chaos/fault"
	"stormglass/chaos/load"
)

// object is a JSON object; encoding/json writes its keys in order, so the same schema is the same text.
type object = map[string]any

// Schema is the format as a JSON Schema (draft 2020-12), for editors: the same keys, words and shapes that Parse takes.
// What it cannot say (that a name exists, that two durations fit) only Parse and Resolve tell.
func Schema() ([]byte, error) {
	root := schemaOf(reflect.TypeFor[Scenario](), "")
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "A Stormglass scenario"
	root["description"] = "A claim with a timeline: what is broken, when, and what must be true of the system while it is and after."
	root["required"] = []string{"name", "claim", "load", "steady"}
	text, err := json.MarshalIndent(root, "", "  ")
	return append(text, '\n'), err
}

// schemaOf describes a type as Parse reads it. The path says where in the file it stands, for what only its place tells.
func schemaOf(t reflect.Type, path string) object {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return object{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`, "examples": []string{"500ms", "6s"}}
	case t == reflect.TypeFor[load.Rate]():
		return object{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)?/(s|m)$`, "examples": []string{"20/s"}}
	case t == reflect.TypeFor[fault.Throughput]():
		return object{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)? *(B|kB|MB)/s$`, "examples": []string{"20kB/s"}}
	case t == reflect.TypeFor[Verdict]():
		return object{"enum": Verdicts()}
	case t == reflect.TypeFor[Reason]():
		return object{"enum": slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Values(reasons()))...)))}
	case t == reflect.TypeFor[fault.Spec]():
		return faultSchema()
	case t == reflect.TypeFor[Expectation]():
		return expectationSchema(path)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem(), path)
	case reflect.Slice:
		return object{"type": "array", "items": schemaOf(t.Elem(), path)}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": valueSchema(t.Elem(), path)}
	case reflect.Struct:
		return structSchema(t, path)
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int:
		return object{"type": "integer", "minimum": 0}
	case reflect.Float64:
		return object{"type": "number"}
	}
	return object{"type": "string"}
}

// valueSchema describes a value of a mapping with free keys. Where Parse wants a text it takes any scalar as it is
// written, so that a setting may be 5 or true.
func valueSchema(t reflect.Type, path string) object {
	if t.Kind() == reflect.String {
		return object{"type": []string{"string", "number", "boolean"}}
	}
	return schemaOf(t, path)
}

// structSchema describes a mapping with known keys, and the scalar that may be short for it.
func structSchema(t reflect.Type, path string) object {
	properties, short := object{}, object(nil)
	for i := range t.NumField() {
		name, option, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		property := keySchema(t.Field(i), join(path, name))
		properties[name] = property
		if option == "short" {
			short = property
		}
	}
	whole := object{"type": "object", "properties": properties, "additionalProperties": false}
	if short != nil {
		return object{"oneOf": []object{short, whole}}
	}
	return whole
}

func keySchema(f reflect.StructField, path string) object {
	s := schemaOf(f.Type, path)
	s["description"] = f.Tag.Get("doc")
	return s
}

// faultSchema is one form for each kind of fault, with the keys that it takes.
func faultSchema() object {
	var forms []object
	for _, kind := range fault.Kinds() {
		forms = append(forms, form(reflect.TypeFor[fault.Spec](), "faults", object{"const": kind.Name}, "do",
			append([]string{"at", "for", "on", "off", kind.On}, kind.Keys...), []string{"do", "for", kind.On}, kind.Doc))
	}
	return object{"oneOf": forms}
}

// expectationSchema is one form for each subject that can be expected in this phase.
func expectationSchema(path string) object {
	var forms []object
	for _, s := range subjects() {
		words, ok := s.phases[phaseOf(path)]
		if !ok {
			continue
		}
		f := form(reflect.TypeFor[Expectation](), path, object{"type": "string"}, s.name, append(slices.Clone(words.need), words.may...), []string{s.name}, "")
		var needs []object
		for _, key := range words.need {
			needs = append(needs, object{"required": []string{key}})
		}
		f["anyOf"] = needs
		forms = append(forms, f)
	}
	return object{"oneOf": forms}
}

// form is a mapping with one key that tells it apart, and some of the keys of a type.
func form(t reflect.Type, path string, is object, what string, keys, required []string, doc string) object {
	properties := object{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		switch {
		case name == what:
			is["description"] = t.Field(i).Tag.Get("doc")
			properties[name] = is
		case slices.Contains(keys, name):
			properties[name] = keySchema(t.Field(i), join(path, name))
		}
	}
	if d, ok := properties["direction"].(object); ok {
		d["type"], d["enum"] = "string", []string{"request", "response", "both"}
	}
	out := object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	if doc != "" {
		out["description"] = what + ": " + doc
	}
	return out
}
