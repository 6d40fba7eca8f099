package gateway

import (
	"mime"
	"net/http"
	"strings"
)

// maxBody is the largest body that is taken, in bytes.
const maxBody = 1 << 20

// intake checks what can be checked before the body is read.
func intake(w http.ResponseWriter, r *http.Request, rt route) error {
	if !valid(r.URL.Path) || !validQuery(r) {
		return newProblem(http.StatusBadRequest, "malformed_url", "the path or the query is not UTF-8, or has U+0000 in it: encode it anew")
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

func validQuery(r *http.Request) bool {
	for name, values := range r.URL.Query() {
		if !valid(name) || !valid(strings.Join(values, "")) {
			return false
		}
	}
	return true
}

func isJSON(contentType string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	return err == nil && media == "application/json" && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

func bodyTooLarge() *Problem {
	return newProblem(http.StatusRequestEntityTooLarge, "body_too_large", "the body is larger than 1 MiB: send less").with("Connection", "close")
}
