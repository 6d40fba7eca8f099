package gateway

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
)

// exampleOf writes an example of a content, as its schema allows.
func exampleOf(api *huma.OpenAPI, content map[string]*huma.MediaType) string {
	for _, media := range content {
		if media.Schema == nil {
			continue
		}
		text, err := json.MarshalIndent(example(api.Components.Schemas, media.Schema), "", "  ")
		if err != nil {
			panic("encode an example: " + err.Error())
		}
		return string(text)
	}
	return ""
}

// example makes a value of a schema: the example that it names, or a plain one of its type.
func example(schemas huma.Registry, s *huma.Schema) any {
	if s.Ref != "" {
		s = schemas.SchemaFromRef(s.Ref)
	}
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	switch s.Type {
	case huma.TypeObject:
		return exampleObject(schemas, s)
	case huma.TypeArray:
		return []any{example(schemas, s.Items)}
	case huma.TypeInteger, huma.TypeNumber:
		return 1
	case huma.TypeBoolean:
		return false
	}
	if s.Format == "date-time" {
		return "2026-01-31T12:00:00Z"
	}
	return "…"
}

func exampleObject(schemas huma.Registry, s *huma.Schema) any {
	o := map[string]any{}
	for name, property := range s.Properties {
		o[name] = example(schemas, property)
	}
	return o
}
