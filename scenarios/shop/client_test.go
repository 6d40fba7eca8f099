package shop

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"stormglass/chaos/load"
)

// asks sends one request to a server and gives what was noted of it.
func asks(t *testing.T, method string, answer http.HandlerFunc) (load.Operation, error) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	c := newClient(server.URL)
	t.Cleanup(c.close)
	var op load.Operation
	err := c.do(t.Context(), &op, request{method: method, path: "/v1/cart"}, nil)
	return op, err
}

func TestAWriteIsUnknownWhereTheShopItselfDoesNotKnow(t *testing.T) {
	for method, want := range map[string]load.Outcome{http.MethodPut: load.Unknown, http.MethodDelete: load.Unknown, http.MethodPost: load.Unknown, http.MethodGet: ""} {
		op, err := asks(t, method, func(w http.ResponseWriter, _ *http.Request) {
			give(w, http.StatusGatewayTimeout, map[string]any{"status": http.StatusGatewayTimeout, "reason": "timeout"})
		})
		if err == nil || op.Outcome != want {
			t.Errorf("%s: got %+v, %v, want outcome %q", method, op, err, want)
		}
	}
}

func TestARefusalThatIsCutOffStillSaysWhenToComeBack(t *testing.T) {
	op, err := asks(t, http.MethodPut, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "2")
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, "{")
	})
	if got := load.Classify(err, op.Status); got != load.Unknown || op.Fields["retry_after"] != "2s" {
		t.Errorf("got %s, %+v: want unknown, and 2s", got, op)
	}
}

func TestAPatientCustomerAsksAgainWhenTheAnswerWasLostAndNotWhenItIsNonsense(t *testing.T) {
	nonsense := fmt.Errorf("decode answer: %w", io.ErrNoProgress)
	for name, c := range map[string]struct {
		first error
		want  int
	}{"lost": {fmt.Errorf("read answer: %w", io.ErrUnexpectedEOF), 2}, "turned away": {&refusal{Status: 503}, 2}, "refused": {&refusal{Status: 409}, 1}, "nonsense": {nonsense, 1}} {
		synctest.Test(t, func(t *testing.T) {
			asked, begin := 0, time.Now()
			err := patiently(t.Context(), func() error {
				if asked++; asked == 1 {
					return c.first
				}
				return nil
			})
			if asked != c.want || (err == nil) != (c.want == 2) || time.Since(begin) > time.Minute {
				t.Errorf("%s: asked %d times, and got %v; want %d times", name, asked, err, c.want)
			}
		})
	}
}
