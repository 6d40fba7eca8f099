package gateway

import (
	"mime"
	"net/http"
	"slices"
	"strings"

	"stormglass/system/platform/cardnumber"
)

// maxBody is the largest body that is taken, in bytes.
const maxBody = 1 << 20

// What a client is told who sends a card number, wherever it was.
const (
	cardRefused = "card_number_refused"
	cardRefusal = "this looks like a card number, and those must never be sent here: send the card processor's token (pm_…) to POST /v1/cards"
)

// intake checks what can be checked before the body is read.
func intake(w http.ResponseWriter, r *http.Request, rt route) error {
	if !valid(r.URL.Path) || queryHas(r, invalid) {
		return newProblem(http.StatusBadRequest, "malformed_url", "the path or the query is not UTF-8, or has U+0000 in it: encode it anew")
	}
	if cardnumber.In(r.URL.Path) || cardnumber.In(r.Header.Get("Idempotency-Key")) || queryHas(r, cardnumber.In) {
		return newProblem(http.StatusBadRequest, cardRefused, cardRefusal)
	}
	if r.ContentLength > maxBody {
		return bodyTooLarge()
	}
	if rt.body && r.ContentLength != 0 && !isJSON(r.Header.Get("Content-Type")) {
		return newProblem(http.StatusUnsupportedMediaType, "unsupported_media_type", "send the body as JSON in UTF-8, with the header `Content-Type: application/json`").
			with("Accept", "application/json")
	}
	return nil
}

// queryHas says whether any name or value of the query is such a text.
func queryHas(r *http.Request, such func(string) bool) bool {
	for name, values := range r.URL.Query() {
		if such(name) || slices.ContainsFunc(values, such) {
			return true
		}
	}
	return false
}

func invalid(s string) bool { return !valid(s) }

func isJSON(contentType string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	return err == nil && media == "application/json" && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

func bodyTooLarge() *Problem {
	return newProblem(http.StatusRequestEntityTooLarge, "body_too_large", "the body is larger than 1 MiB: send less").with("Connection", "close")
}
