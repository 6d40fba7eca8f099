package gateway

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"stormglass/system/platform/auth"
)

// door decides who gets in, and how many at once.
type door struct {
	*gateway
	cors     cors
	places   *places
	verify   func(ctx context.Context, token string) (auth.Identity, error)
	visitors visitors
}

// ServeHTTP implements http.Handler: every answer of the gateway passes here.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rt := d.routeOf(r)
	d.observed(w, r, rt, func(w http.ResponseWriter, r *http.Request) {
		protect(w.Header(), r)
		if d.cors.answered(w, r) {
			return
		}
		if err := d.pass(w, r, rt); err != nil {
			d.problemOf(r.Context(), err).write(w)
		}
	})
}

// pass lets a request through to its route, or says why not.
func (d *door) pass(w http.ResponseWriter, r *http.Request, rt route) error {
	leave, err := d.places.enter(rt)
	if err != nil {
		return err
	}
	defer leave()
	ctx, err := d.identify(r, rt)
	if err != nil {
		return err
	}
	r = r.WithContext(ctx)
	if err := d.visitors.admit(r, rt); err != nil {
		return err
	}
	if rt.pattern == "" {
		return d.lost(r)
	}
	if err := intake(w, r, rt); err != nil {
		return err
	}
	d.mux.ServeHTTP(w, r)
	return nil
}

// routeOf finds what the request asks for; it is empty when there is no such thing.
func (d *door) routeOf(r *http.Request) route {
	_, pattern := d.mux.Handler(r)
	return d.routes[pattern]
}

// lost answers a request for what there is not.
func (d *door) lost(r *http.Request) error {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := r.WithContext(r.Context())
		probe.Method = method
		if d.routeOf(probe).pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		return newProblem(http.StatusNotFound, "no_such_route", "there is nothing at this path: see /docs for what there is")
	}
	methods := strings.Join(allowed, ", ")
	return newProblem(http.StatusMethodNotAllowed, "method_not_allowed", "this path does not know that method: use "+methods).with("Allow", methods)
}

// protect sets what browsers must know of every answer. Answers of the catalogue change Cache-Control later.
func protect(h http.Header, r *http.Request) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// valid says whether a text from the request's line can travel on: gRPC refuses what is not UTF-8, databases U+0000.
func valid(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
