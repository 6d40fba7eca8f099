package gateway

import (
	"net/http"
	"slices"
)

// cors lets pages of other origins use the shop. Tokens travel in a header that pages set themselves, never in cookies,
// so that credentials stay off.
type cors struct {
	// origins are those that may, such as https://shop.example; "*" is any.
	origins []string
}

const (
	corsMethods = "GET, POST, PUT, PATCH, DELETE"
	corsRequest = "Authorization, Content-Type, Idempotency-Key, X-Correlation-ID, traceparent, tracestate"
	corsAnswer  = "Location, Retry-After, X-Correlation-ID, X-Trace-ID, X-Cache"
	corsMaxAge  = "600" // seconds
)

// answered sets what the browser asks for, and says whether that was the whole request: a preflight.
func (c cors) answered(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || len(c.origins) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	if !slices.Contains(c.origins, origin) && !slices.Contains(c.origins, "*") {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", corsAnswer)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Allow-Headers", corsRequest)
	h.Set("Access-Control-Max-Age", corsMaxAge)
	w.WriteHeader(http.StatusNoContent)
	return true
}
