package gateway

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	userv1 "stormglass/system/api/user/v1"
)

// about is the introduction of the OpenAPI document.
const about = "Everything a web or mobile client needs, from registration to the parcel. Money is exact: minor units and a currency. " +
	"Each answer carries X-Correlation-ID and, where traces are kept, X-Trace-ID; whatever goes wrong is a problem (RFC 9457) with a stable `reason`."

type keysOutput struct {
	ContentType string `header:"Content-Type"`
	Cached
	Body []byte
}

// documentRoutes serves what describes the shop to programs: the OpenAPI document, its page, the public keys. It comes
// last, for the document lists the routes before it.
func (g *gateway) documentRoutes() {
	add(g, route{}, huma.Operation{
		OperationID: "get-keys", Method: http.MethodGet, Path: "/.well-known/jwks.json", Tags: []string{tagAccounts},
		Summary: "Read the public keys that verify access tokens (RFC 7517)",
	}, g.keys)
	g.serve("/openapi.json", "application/openapi+json", document(g.api))
	g.docsRoutes()
}

func (g *gateway) keys(ctx context.Context, _ *none) (*keysOutput, error) {
	doc, from, err := read(ctx, g.reads.keys, "", func(ctx context.Context) ([]byte, error) {
		resp, err := g.user.Keys(ctx, &userv1.KeysRequest{})
		return []byte(resp.GetJwksJson()), err
	})
	if err != nil {
		return nil, err
	}
	return &keysOutput{"application/jwk-set+json", g.reads.headers(from), doc}, nil
}

// document writes the OpenAPI document, without what the typed layer adds for its own problems.
func document(api huma.API) []byte {
	for _, name := range []string{"ErrorModel", "ErrorDetail"} {
		delete(api.OpenAPI().Components.Schemas.Map(), name)
	}
	doc, err := api.OpenAPI().MarshalJSON()
	if err != nil {
		panic("encode our own OpenAPI document: " + err.Error())
	}
	return doc
}

// serve answers a path with a fixed content.
func (g *gateway) serve(path, contentType string, content []byte) {
	pattern := http.MethodGet + " " + path
	g.routes[pattern] = route{pattern: path}
	g.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		_, _ = w.Write(content) // the client has left; nobody is there to be told
	})
}
