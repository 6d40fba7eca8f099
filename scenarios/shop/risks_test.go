package shop

import (
	"slices"
	"testing"
	"time"

	"stormglass/chaos/verdict"
)

func risk(t *testing.T, name string) verdict.Check {
	t.Helper()
	i := slices.IndexFunc(risks(), func(c verdict.Check) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("there is no risk %s", name)
	}
	return risks()[i]
}

func TestRisksCountWhatWasOpenWhenTheFaultStruck(t *testing.T) {
	after, micros := struckAt.Add(time.Second), func(t time.Time) int64 { return t.UnixMicro() }
	for name, atRisk := range map[string]func(w *world){
		"orders-pending": func(w *world) {
			for i, o := range w.history {
				if o.Name == opCompletion && o.Shopper == "" && o.Fields["order_id"] != "o-declined" {
					w.history[i].End = after
					w.find("order", "orders", o.Fields["order_id"])["updated_us"] = micros(after)
				}
			}
		},
		"sagas-open": func(w *world) {
			w.find("order", "orders", "o-shipped")["updated_us"] = micros(after)
			w.find("order", "orders", "o-refunded")["updated_us"] = micros(after)
			w.find("order", "orders", "o-regretted")["state"] = "pending"
			late := w.find("order", "orders", "o-declined")
			late["created_us"], late["updated_us"] = micros(after), micros(after)
		},
		"payments-due": func(w *world) {
			w.find("payment", "payments", "o-shipped")["since_us"] = micros(after)
			w.find("payment", "payments", "o-refunded")["since_us"] = micros(after)
			w.find("payment", "payments", "o-regretted")["state"] = "waiting"
			w.find("order", "orders", "o-declined")["created_us"] = micros(after)
			w.find("payment", "payments", "o-declined")["since_us"] = micros(after)
		},
		"payments-caught": func(w *world) {
			for _, order := range []string{"o-shipped", "o-refunded", "o-regretted", "o-declined"} {
				w.find("order", "orders", order)["created_us"] = micros(struckAt)
				w.find("payment", "payments", order)["since_us"] = micros(struckAt.Add(time.Minute))
			}
			w.find("payment", "payments", "o-declined")["since_us"] = micros(struckAt.Add(time.Millisecond)) // before the fault's end
		},
	} {
		w := wellEnded()
		if r := risk(t, name).Func(w.folder(t)); r.Holds || r.Compared != 0 || r.Inconclusive != "" {
			t.Errorf("%s when all was settled: got %+v, want nothing at risk", name, r)
		}
		atRisk(w)
		if r := risk(t, name).Func(w.folder(t)); !r.Holds || r.Compared != 3 {
			t.Errorf("%s: got %+v, want 3 at risk", name, r)
		}
	}
}

func TestWithoutAFaultNothingCanBeAtRisk(t *testing.T) {
	f := wellEnded().folder(t)
	f.Run.Phases, f.Doses = nil, nil
	for _, c := range risks() {
		if r := c.Func(f); r.Inconclusive == "" || r.Holds {
			t.Errorf("%s: got %+v, want that nobody could look", c.Name, r)
		}
	}
}

func TestAFaultThatWaitedForItsMomentStruckThen(t *testing.T) {
	f := wellEnded().folder(t)
	if got := struck(f); !got.Equal(struckAt) {
		t.Errorf("got %v, want the dose's start %v", got, struckAt)
	}
	f.Doses = nil
	if got := struck(f); !got.Equal(struckAt.Add(-time.Second)) {
		t.Errorf("got %v, want the phase's start", got)
	}
}
