package shop

import (
	"math"
	"testing"
	"time"

	"stormglass/chaos/load"
)

// done is an operation that took so many milliseconds.
func done(name string, outcome load.Outcome, status, ms int, fields ...string) load.Operation {
	o := load.Operation{Name: name, Outcome: outcome, Status: status, Intended: begin, Start: begin, End: begin.Add(time.Duration(ms) * time.Millisecond)}
	for i := 0; i+1 < len(fields); i += 2 {
		o.Set(fields[i], fields[i+1])
	}
	return o
}

func TestSignals(t *testing.T) {
	checkouts := []load.Operation{
		done(opCheckout, load.OK, 202, 10), done(opCheckout, load.OK, 202, 30), done(opCheckout, load.OK, 202, 20),
		done(opCheckout, load.Failed, 503, 1), done(opCheckout, load.Failed, 429, 1), done(opCheckout, load.Unknown, 0, 5000),
		done(opCheckout, load.Failed, 409, 1), // the client's own mistake
		done(opRepeat, load.OK, 202, 10),
	}
	browsing := []load.Operation{done(opSearch, load.OK, 200, 1), done(opView, load.Failed, 503, 1), done(opView, load.Failed, 404, 1), done(opCart, load.Failed, 503, 1)}
	completions := []load.Operation{
		done(opCompletion, load.OK, 200, 1, "ends", shipped, "state", shipped),
		done(opCompletion, load.OK, 200, 1, "ends", shipped, "state", cancelled),
		done(opCompletion, load.Unknown, 200, 1, "ends", shipped, "state", "confirmed"),
		done(opCompletion, load.Unknown, 0, 1, "ends", shipped),
		done(opCompletion, load.OK, 200, 1, "ends", cancelled, "state", cancelled), // as it should be, and no order to be shipped
	}
	all := append(append(checkouts, browsing...), completions...)
	want := map[string]struct {
		value   float64
		samples int
	}{
		"checkout_success":     {3. / 6, 6},
		"checkout_latency_p50": {0.020, 4},
		"checkout_latency_p99": {5, 4},
		"browse_success":       {1. / 2, 2},
		"cart_success":         {0, 1},
		"completion":           {1. / 4, 4},
	}
	for _, s := range signals() {
		value, samples := s.Func(all)
		if w, ok := want[s.Name]; !ok || math.Abs(value-w.value) > 1e-9 || samples != w.samples {
			t.Errorf("%s: got %v of %d samples, want %v of %d", s.Name, value, samples, w.value, w.samples)
		}
		if value, samples := s.Func(nil); samples != 0 || math.IsNaN(value) {
			t.Errorf("%s of nothing: got %v of %d", s.Name, value, samples)
		}
		if s.Doc == "" || s.Unit == "" {
			t.Errorf("%s has no doc or no unit", s.Name)
		}
	}
	if len(signals()) != len(want) {
		t.Errorf("signals: got %d, want %d", len(signals()), len(want))
	}
}
