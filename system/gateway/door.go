package gateway

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"stormglass/system/platform/auth"
	"stormglass/system/platform/problem"
)

// door decides who gets in, and how many at once.
type door struct {
	*gateway
	observer *observer
	cors     cors
	places   *places
	verify   func(ctx context.Context, token string) (auth.Identity, error)
	visitors visitors
}

// ServeHTTP implements http.Handler: every request passes here.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rt := d.routeOf(r)
	visit, known := d.observer.begin(r, rt)
	r = r.WithContext(visit.ctx)
	out := &answer{ResponseWriter: w}
	maps.Copy(out.Header(), known)
	defer func() {
		broken := d.recovered(out, r, recover())
		visit.end(out.status)
		if broken {
			panic(http.ErrAbortHandler) // the client must not take half an answer for a whole one
		}
	}()
	protect(out.Header(), r)
	if d.cors.answered(out, r) {
		return
	}
	if err := d.pass(out, r, rt); err != nil {
		d.problemOf(r.Context(), r.Method, err).write(out)
	}
}

// recovered answers for a handler that panicked, and settles the status of one that never wrote. It says whether an
// answer broke off in the middle.
func (d *door) recovered(w *answer, r *http.Request, panicked any) (broken bool) {
	broken = panicked != nil && w.status != 0
	if panicked != nil {
		err := problem.Wrap(fmt.Errorf("panic: %v\n%s", panicked, debug.Stack()), problem.Internal, "", "something went wrong on our side")
		p := d.problemOf(r.Context(), r.Method, err)
		if !broken {
			p.write(w)
		}
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return broken
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
