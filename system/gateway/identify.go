package gateway

import (
	"context"
	"net/http"
	"strings"

	"stormglass/system/platform/auth"
	"stormglass/system/platform/problem"
)

// identify gives the request's context with who sent it, as far as the route wants to know.
func (d *door) identify(r *http.Request, rt route) (context.Context, error) {
	ctx := r.Context()
	if rt.access == open {
		return ctx, nil
	}
	token, err := tokenOf(r)
	if err != nil {
		return ctx, err
	}
	who, err := d.verify(ctx, token)
	if err != nil {
		return ctx, err
	}
	ctx = auth.With(ctx, who)
	if rt.access == staff {
		_, err = auth.RequireRole(ctx, roleStaff)
	}
	return ctx, err
}

// tokenOf gives the request's one access token.
func tokenOf(r *http.Request) (string, error) {
	headers := r.Header.Values("Authorization")
	if len(headers) == 0 {
		_, err := auth.Require(r.Context()) // the one sentence for this in the system
		return "", err
	}
	words := strings.Fields(headers[0])
	if len(headers) > 1 || len(words) != 2 || !strings.EqualFold(words[0], "Bearer") {
		return "", problem.New(problem.Unauthenticated, "token_malformed", "send one header `Authorization: Bearer …` with the access token that logging in gave")
	}
	return words[1], nil
}
