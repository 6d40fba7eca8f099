package gateway

import (
	"context"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// access is who may use a route.
type access int

const (
	// open: anybody. A token is not looked at, so that an expired one cannot keep its owner from refreshing it.
	open access = iota
	// customers: whoever has a token.
	customers
	// staff: a token with the role "staff".
	staff
)

// roleStaff is the role of people who run the shop.
const roleStaff = "staff"

// route is what the door must know of a route before it lets a request through.
type route struct {
	// pattern is the route without its method, such as "/v1/orders/{id}"; empty where there is none.
	pattern string
	access  access
	// buying marks a step towards an order: under load it is turned away later than browsing.
	buying bool
	// stream marks an answer that stays open: it takes a place of its own kind.
	stream bool
	// signed marks notices of another company, which come in bursts from one address and prove themselves by a
	// signature: they have no rate limit and any content type.
	signed bool
	// body says that the route takes JSON.
	body bool
}

// add registers a typed route. Its handler's errors become problems.
func add[I, O any](g *gateway, r route, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	describe(&op, r)
	huma.Register(g.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, g.problemOf(ctx, op.Method, err)
		}
		return out, nil
	})
	r.pattern = op.Path
	_, r.body = reflect.TypeFor[I]().FieldByName("Body")
	g.routes[op.Method+" "+op.Path] = r
}

// describe puts into the OpenAPI document what follows from the route's kind.
func describe(op *huma.Operation, r route) {
	op.MaxBodyBytes = maxBody + 1 // huma refuses a body of exactly its limit
	if r.access != open {
		op.Security = []map[string][]string{{bearer: {}}}
	}
	if r.access == staff {
		op.Description += "\n\nThe token must carry the role `staff`."
	}
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	op.Responses["default"] = problemResponse()
}
