package main

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

func TestBadInputSaysWhatToDoAndIsNoRedLoadTest(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(says(404, "not here"))
	t.Cleanup(elsewhere.Close)
	closed := httptest.NewServer(nil)
	closed.Close()
	shop := serve(t, newFakeShop(1))
	port := elsewhere.URL[strings.LastIndex(elsewhere.URL, ":")+1:]
	for name, c := range map[string]struct {
		env  map[string]string
		args []string
		says []string
	}{
		"no such profile":         {map[string]string{"PROFILE": "smok"}, nil, []string{"PROFILE=smok", "average breakpoint flash-sale smoke soak spike stress"}},
		"wrong rate":              {map[string]string{"BASE_URL": shop, "RATE": "fast"}, nil, []string{"RATE=fast", "0.01 to 1000"}},
		"all that is wrong":       {map[string]string{"BASE_URL": shop, "RATE": "-1", "DURATION": "2 minutes", "LATENCY": "0"}, nil, []string{"RATE=-1", "DURATION=2 minutes", "90s", "LATENCY=0"}},
		"address that is none":    {map[string]string{"BASE_URL": "localhost:8080"}, nil, []string{"BASE_URL=localhost:8080", "http://127.0.0.1:8080"}},
		"nobody at the address":   {map[string]string{"BASE_URL": closed.URL}, nil, []string{"BASE_URL=" + closed.URL, "connection refused", "stormglass up"}},
		"another at the address":  {map[string]string{"BASE_URL": elsewhere.URL}, nil, []string{"BASE_URL=" + elsewhere.URL, "404"}},
		"another on the own port": {nil, []string{"-port", port}, []string{"127.0.0.1:" + port, "is not the shop", "BASE_URL"}},
		"no k6":                   {nil, []string{"-k6", "/nowhere/k6"}, []string{"/nowhere/k6", "make loadtest"}},
		"argument":                {nil, []string{"stress"}, []string{"stress", "PROFILE=stress"}},
		"no product on sale":      {map[string]string{"BASE_URL": shop, "PROFILE": "flash-sale", "PRODUCT": "A Lamp"}, nil, []string{"PRODUCT=A Lamp", "desk-lamp-arc-0001"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := begin(t, c.env, c.args...)
			if got := r.end(t); got != exitBadInput {
				t.Errorf("exit code: got %d, want %d\n%s", got, exitBadInput, r.out)
			}
			for _, word := range c.says {
				if !strings.Contains(r.out.String(), word) {
					t.Errorf("the message should say %q\n%s", word, r.out)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(r.results, "*")); len(left) > 0 {
				t.Errorf("a run that never began left %v", left)
			}
			if lines := strings.Count(r.out.String(), "\n"); lines != 1 {
				t.Errorf("lines of the message: got %d, want 1\n%s", lines, r.out)
			}
		})
	}
}
