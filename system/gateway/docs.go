package gateway

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs
var docs embed.FS

// page is what the documentation's template shows. It is plain HTML: no script runs on it, and nothing comes from
// elsewhere.
type page struct {
	Title, About, Walk string
	Groups             []group
}

type group struct {
	Name       string
	Operations []operation
}

type operation struct {
	ID, Method, Path, Summary, Note, Needs string
	Parameters                             []parameter
	Body                                   string
	Answers                                []answered
}

type parameter struct {
	Name, In, What string
	Required       bool
}

type answered struct{ Status, Body string }

// docsRoutes serves the documentation page, made of the OpenAPI document.
func (g *gateway) docsRoutes() {
	body := documentation(g.api.OpenAPI())
	g.serve("/docs", "text/html; charset=utf-8", body)
	g.serve("/docs/style.css", "text/css; charset=utf-8", file("docs/style.css"))
	g.routes["GET /{$}"] = route{pattern: "/"}
	g.mux.Handle("GET /{$}", http.RedirectHandler("/docs", http.StatusFound))
}

// documentation writes the page.
func documentation(api *huma.OpenAPI) []byte {
	var out bytes.Buffer
	t := template.Must(template.ParseFS(docs, "docs/page.html"))
	p := page{Title: api.Info.Title, About: api.Info.Description, Walk: string(file("docs/walk.txt"))}
	for _, name := range []string{tagAccounts, tagCatalogue, tagCart, tagOrders, tagStaff} {
		p.Groups = append(p.Groups, group{name, operations(api, name)})
	}
	if err := t.Execute(&out, p); err != nil {
		panic("write our own documentation: " + err.Error())
	}
	return out.Bytes()
}

func file(name string) []byte {
	content, err := docs.ReadFile(name)
	if err != nil {
		panic("read an embedded file: " + err.Error())
	}
	return content
}

// operations are those with the tag, by path.
func operations(api *huma.OpenAPI, tag string) []operation {
	var out []operation
	for _, item := range api.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Patch, item.Delete} {
			if op != nil && slices.Contains(op.Tags, tag) {
				out = append(out, operationOf(api, op))
			}
		}
	}
	slices.SortFunc(out, func(a, b operation) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	return out
}

func operationOf(api *huma.OpenAPI, op *huma.Operation) operation {
	out := operation{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, Note: op.Description}
	if len(op.Security) > 0 {
		out.Needs = "Needs an access token."
	}
	for _, p := range op.Parameters {
		out.Parameters = append(out.Parameters, parameter{p.Name, p.In, p.Description, p.Required})
	}
	if op.RequestBody != nil {
		out.Body = exampleOf(api, op.RequestBody.Content)
	}
	for status, response := range op.Responses {
		if status != "default" {
			out.Answers = append(out.Answers, answered{status + " " + response.Description, exampleOf(api, response.Content)})
		}
	}
	return out
}
