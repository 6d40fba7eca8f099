// Package front is the HTTP port that every stand-in has: health, metrics, and JSON answers in one shape.
package front

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"stormglass/system/platform/boot"
)

// MaxBody is the most bytes that a request's body may have.
const MaxBody = 256 << 10

// Serve adds /livez, /readyz, /metrics and the processor's profile to the routes and serves them. Call it last: readiness is that this port
// answers, until ctx ends.
func Serve(ctx context.Context, rt *boot.Runtime, addr string, routes *http.ServeMux) error {
	routes.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	routes.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if ctx.Err() != nil {
			Refuse(w, http.StatusServiceUnavailable, "stopping", "this process is stopping")
			return
		}
		JSON(w, http.StatusOK, map[string]bool{"ready": true})
	})
	routes.Handle("GET /metrics", promhttp.HandlerFor(rt.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	routes.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	return rt.ServeHTTP("http", addr, routes)
}

// MustBeFree says early, and in words that name the address, that a port which a library is about to open is taken.
func MustBeFree(addr string) error {
	l, err := boot.Listen(addr)
	if err != nil {
		return err
	}
	if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("give back %s: %w", addr, err)
	}
	return nil
}

// JSON answers with a value.
func JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client has left; nobody is there to be told
}

// Refuse answers with an error: a stable word for programs and a sentence for people.
func Refuse(w http.ResponseWriter, status int, code, format string, args ...any) {
	JSON(w, status, map[string]any{"error": map[string]string{"code": code, "message": fmt.Sprintf(format, args...)}})
}

// Decode reads a JSON body into a value, or answers what is wrong with it and returns false.
func Decode(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, MaxBody))
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the JSON value")
		}
	}
	if err == nil {
		return true
	}
	if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
		Refuse(w, http.StatusRequestEntityTooLarge, "body_too_large", "the body has more than %d bytes", MaxBody)
		return false
	}
	Refuse(w, http.StatusBadRequest, "invalid_json", "the body is not the JSON object expected here: %v", err)
	return false
}
