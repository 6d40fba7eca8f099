package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// document is the part of an OpenAPI document by which tests find every place where a client can put something. A route
// that comes later is covered without a word here.
type document struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	Parameters []struct {
		Name, In string
		Schema   schema
	}
	RequestBody struct {
		Content map[string]struct{ Schema schema }
	}
	Security []map[string][]string
}

type schema struct {
	Ref        string `json:"$ref"`
	Type       any    // a word, or a list of words
	Properties map[string]schema
	Examples   []any
	Minimum    float64
}

// document reads the document that the shop serves.
func (s *shop) document() document {
	s.t.Helper()
	var d document
	s.ask(request{method: http.MethodGet, path: "/openapi.json"}).must(s.t, http.StatusOK, &d)
	return d
}

// place is somewhere in a request where a client can put a text.
type place struct {
	name string
	// put gives the request with the text there; everything else in it is valid.
	put func(text string) request
}

// places lists every parameter and every field of every operation. filled gives an operation's valid request, whose body
// is a map.
func (d document) places(filled func(method, path string, example map[string]any) request) (list []place) {
	for path, operations := range d.Paths {
		for word, op := range operations {
			method := strings.ToUpper(word)
			body := op.RequestBody.Content["application/json"].Schema
			fill := func() request { return filled(method, path, d.example(body)) }
			for _, p := range op.Parameters {
				list = append(list, place{method + " " + path + " " + p.In + " " + p.Name, func(text string) request {
					return parameter(fill(), p.In, p.Name, path, text)
				}})
			}
			for _, field := range d.fields(body, nil) {
				list = append(list, place{method + " " + path + " body " + strings.Join(field, "."), func(text string) request {
					r := fill()
					set(r.body.(map[string]any), field, text)
					return r
				}})
			}
		}
	}
	slices.SortFunc(list, func(a, b place) int { return strings.Compare(a.name, b.name) })
	return list
}

// parameter puts a text into a parameter of a request.
func parameter(r request, in, name, path, text string) request {
	switch in {
	case "query":
		r.path += "?" + url.Values{name: {text}}.Encode()
	case "header":
		if r.header == nil {
			r.header = http.Header{}
		}
		r.header[http.CanonicalHeaderKey(name)] = []string{text}
	case "path":
		r.path = strings.Replace(path, "{"+name+"}", url.PathEscape(text), 1)
	}
	return r
}

func (d document) resolve(s schema) schema {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return d.Components.Schemas[name]
	}
	return s
}

// fields gives the paths of all fields of a body that hold a text or a number.
func (d document) fields(s schema, above []string) (list [][]string) {
	for name, property := range d.resolve(s).Properties {
		path := append(slices.Clone(above), name)
		property = d.resolve(property)
		if property.Properties != nil {
			list = append(list, d.fields(property, path)...)
			continue
		}
		list = append(list, path)
	}
	return list
}

// example makes a body of the schema's own examples.
func (d document) example(s schema) map[string]any {
	body := map[string]any{}
	for name, property := range d.resolve(s).Properties {
		property = d.resolve(property)
		switch {
		case property.Properties != nil:
			body[name] = d.example(property)
		case len(property.Examples) > 0:
			body[name] = property.Examples[0]
		case property.Type == "integer":
			body[name] = max(property.Minimum, 1)
		default:
			body[name] = "text"
		}
	}
	return body
}

func set(body map[string]any, field []string, value any) {
	for _, name := range field[:len(field)-1] {
		body = body[name].(map[string]any)
	}
	body[field[len(field)-1]] = value
}

// asMap gives a value's JSON as a map, so that fields can be changed one by one.
func asMap(v any) map[string]any {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode a plain value: %v", err))
	}
	m := map[string]any{}
	if err := json.Unmarshal(text, &m); err != nil {
		panic(fmt.Sprintf("decode what was just encoded: %v", err))
	}
	return m
}

func TestTheDocumentIsReadWhole(t *testing.T) {
	t.Parallel()
	d := document{Paths: map[string]map[string]operation{}}
	d.Components.Schemas = map[string]schema{
		"Order":   {Properties: map[string]schema{"to": {Ref: "#/components/schemas/Address"}, "card": {Type: "string"}}},
		"Address": {Properties: map[string]schema{"city": {Type: "string", Examples: []any{"Hamburg"}}, "number": {Type: "integer", Minimum: 3}}},
	}
	var op operation
	op.RequestBody.Content = map[string]struct{ Schema schema }{"application/json": {schema{Ref: "#/components/schemas/Order"}}}
	op.Parameters = append(op.Parameters, struct {
		Name, In string
		Schema   schema
	}{Name: "id", In: "path"})
	d.Paths["/orders/{id}"] = map[string]operation{"put": op}

	got := map[string]request{}
	for _, p := range d.places(func(method, path string, example map[string]any) request {
		return request{method: method, path: "/orders/7", body: example}
	}) {
		got[p.name] = p.put("a text")
	}
	want := []string{"PUT /orders/{id} body card", "PUT /orders/{id} body to.city", "PUT /orders/{id} body to.number", "PUT /orders/{id} path id"}
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) {
		t.Fatalf("places: got %q, want %q", names, want)
	}
	body := got["PUT /orders/{id} body to.city"].body
	if text, err := json.Marshal(body); err != nil || string(text) != `{"card":"text","to":{"city":"a text","number":3}}` {
		t.Errorf("body: got %s (%v), want the text in its place among examples", text, err)
	}
	if path := got["PUT /orders/{id} path id"].path; path != "/orders/a%20text" {
		t.Errorf("path: got %s", path)
	}
}
