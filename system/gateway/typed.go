package gateway

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"stormglass/system/platform/telemetry"
)

// bearer is the name of the security scheme in the OpenAPI document.
const bearer = "bearer"

// newAPI makes the layer that checks the shape of inputs and documents them, on the mux.
func newAPI(mux *http.ServeMux) huma.API {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}
	api := humago.New(mux, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Stormglass shop", Version: "1", Description: about},
			Components: &huma.Components{
				Schemas:         schemas,
				SecuritySchemes: map[string]*huma.SecurityScheme{bearer: {Type: "http", Scheme: "bearer", BearerFormat: "JWT"}},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{ownProblems},
	})
	schemas.Schema(problemType, true, "")
	api.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) { next(&typedContext{humaContext: ctx}) })
	return api
}

type humaContext huma.Context

// typedContext lets ownProblems decide on the status of a refusal.
type typedContext struct {
	humaContext
	refused int
}

// Unwrap gives the adapter's own context.
func (c *typedContext) Unwrap() huma.Context { return c.humaContext }

// SetStatus answers with the status, or with the one that a refusal chose.
func (c *typedContext) SetStatus(status int) {
	if c.refused != 0 {
		status = c.refused
	}
	c.humaContext.SetStatus(status)
}

// ownProblems turns a refusal of the typed layer, which would show the client its own input again, into one of ours.
func ownProblems(ctx huma.Context, _ string, v any) (any, error) {
	model, refused := v.(*huma.ErrorModel)
	if !refused {
		return v, nil
	}
	p := refusal(ctx.Operation(), model)
	p.Correlation = telemetry.Correlation(ctx.Context())
	if c, ok := ctx.(*typedContext); ok {
		c.refused = p.Status
	}
	return p, nil
}
