package gateway

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestBrowsersOfOtherOriginsNeedLeave(t *testing.T) {
	open := func(origins ...string) func(*settings) { return func(s *settings) { s.cors = cors{origins} } }
	preflight := map[string]string{"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
	for name, c := range map[string]struct {
		change func(*settings)
		origin string
		want   string
		status int
	}{
		"switched off":    {open(), "https://shop.example", "", 405},
		"allowed":         {open("https://shop.example"), "https://shop.example", "https://shop.example", 204},
		"another origin":  {open("https://shop.example"), "https://evil.example", "", 405},
		"any":             {open("*"), "https://evil.example", "https://evil.example", 204},
		"not by a prefix": {open("https://shop.example"), "https://shop.example.evil", "", 405},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, c.change)
			h := map[string]string{"Origin": c.origin}
			for k, v := range preflight {
				h[k] = v
			}
			got := d.send(request{method: "OPTIONS", path: "/v1/orders", header: h}).want(t, c.status)
			if origin := got.header.Get("Access-Control-Allow-Origin"); origin != c.want {
				t.Errorf("preflight: got origin %q, want %q", origin, c.want)
			}
			if c.status == 204 && !strings.Contains(got.header.Get("Access-Control-Allow-Headers"), "Idempotency-Key") {
				t.Errorf("got headers %v", got.header)
			}
			answer := d.send(request{path: "/v1/categories", header: map[string]string{"Origin": c.origin}}).want(t, 200)
			if origin := answer.header.Get("Access-Control-Allow-Origin"); origin != c.want {
				t.Errorf("answer: got origin %q, want %q", origin, c.want)
			}
		})
	}
}

func TestAnswersAreNotKeptByOthersUnlessTheyArePublic(t *testing.T) {
	d := newDesk(t)
	for path, want := range map[string]string{"/v1/me": "no-store", "/v1/cart": "no-store", "/v1/categories": "public, max-age=60"} {
		got := d.send(request{path: path, token: d.token("u1")}).want(t, 200)
		if control := got.header.Get("Cache-Control"); control != want {
			t.Errorf("%s: got Cache-Control %q, want %q", path, control, want)
		}
		if got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: no nosniff", path)
		}
	}
}

func TestUnknownMethodIsToldTheKnownOnes(t *testing.T) {
	d := newDesk(t)
	got := d.send(request{method: "PATCH", path: "/v1/cart/items/" + lamp, token: d.token("u1")}).want(t, 405)
	if allow := got.header.Get("Allow"); allow != "PUT, DELETE" {
		t.Errorf("got Allow %q, want PUT, DELETE", allow)
	}
}

func TestPageShowsEveryRouteAndLoadsNothingFromElsewhere(t *testing.T) {
	d := newDesk(t)
	page := d.send(request{path: "/docs"}).want(t, 200)
	for pattern, r := range d.door.routes {
		method, path, _ := strings.Cut(pattern, " ")
		if r.signed || !strings.HasPrefix(path, "/v1") {
			continue
		}
		if !regexp.MustCompile(`>` + method + `</code> <code>` + regexp.QuoteMeta(path) + `<`).MatchString(page.text) {
			t.Errorf("%s is not on the page", pattern)
		}
	}
	if strings.Contains(page.text, "<script") || regexp.MustCompile(`(src|href)="?https?:`).MatchString(page.text) {
		t.Error("the page runs a script or loads from elsewhere")
	}
	if policy := page.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("got policy %q", policy)
	}
	d.send(request{path: "/docs/style.css"}).want(t, 200)
	if got := d.send(request{path: "/"}).want(t, http.StatusFound).header.Get("Location"); got != "/docs" {
		t.Errorf("/ leads to %q, want /docs", got)
	}
}

func TestDocumentNamesEveryRouteItsSecurityAndItsProblems(t *testing.T) {
	d := newDesk(t)
	doc := d.send(request{path: "/openapi.json"}).want(t, 200)
	routes := 0
	for pattern, r := range d.door.routes {
		method, path, _ := strings.Cut(pattern, " ")
		if r.signed || !strings.HasPrefix(path, "/v1") && path != "/.well-known/jwks.json" {
			continue
		}
		routes++
		op, _ := doc.at("paths", path, strings.ToLower(method)).(map[string]any)
		if op == nil {
			t.Errorf("%s is not in the document", pattern)
			continue
		}
		if _, secured := op["security"]; secured != (r.access != open) {
			t.Errorf("%s: got security %v", pattern, op["security"])
		}
		if _, ok := op["responses"].(map[string]any)["default"]; !ok {
			t.Errorf("%s: its problems are not documented", pattern)
		}
	}
	for _, ref := range regexp.MustCompile(`"#/components/schemas/([^"]+)"`).FindAllStringSubmatch(doc.text, -1) {
		if doc.at("components", "schemas", ref[1]) == nil {
			t.Errorf("the document refers to %s, which is not in it", ref[1])
		}
	}
	if routes < 20 {
		t.Errorf("looked at %d routes only", routes)
	}
	if doc.at("components", "schemas", "ErrorModel") != nil || doc.at("components", "schemas", "Problem") == nil {
		t.Error("the document shows other problems than ours")
	}
}
