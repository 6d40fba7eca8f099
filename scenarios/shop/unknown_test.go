package shop

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"stormglass/chaos/load"
	"stormglass/chaos/verdict"
)

// check gives a check by its name.
func check(t *testing.T, name string) verdict.Check {
	t.Helper()
	all := append(expectations(), invariants()...)
	i := slices.IndexFunc(all, func(c verdict.Check) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("there is no check %s", name)
	}
	return all[i]
}

// TestALostAnswerIsNoFailure takes answers from a world that ended well. Whatever was sent may have happened, so no check is
// broken, and the check that looks there says what it left open.
func TestALostAnswerIsNoFailure(t *testing.T) {
	for name, c := range map[string]struct {
		lose  func(w *world)
		check string
		says  string
	}{
		"an e-mail whose SMTP reply was lost came again": {
			func(w *world) { w.mail(w.lost(0, 1), struckAt) },
			"I9-told-once", "1 attempts at e-mails were not answered, and brought 1 more copies of 1 of them",
		},
		"two replies were lost, and the e-mail came three times": {
			func(w *world) {
				event := w.lost(0, 2)
				w.mail(event, struckAt)
				w.mail(event, struckAt)
			},
			"I9-told-once", "2 attempts at e-mails were not answered, and brought 2 more copies of 1 of them",
		},
		"a reply was lost with its e-mail": {
			func(w *world) { w.lost(0, 1) },
			"I9-told-once", "1 attempts at e-mails were not answered, and brought 0 more copies of 0 of them",
		},
		"the broker's confirmation was lost": {
			func(w *world) { w.audits["user"]["outbox"][0]["sent_us"] = 0 },
			"I6-events-once", "1 were sent and not confirmed yet",
		},
		"the answer to a refund was lost": {
			func(w *world) { w.find("payment", "payments", "o-refunded")["state"] = "refunding" },
			"I2-charged-once", "",
		},
		"the answers to a charge and to its refund were lost": {
			func(w *world) {
				w.find("payment", "payments", "o-refunded")["state"] = "cancelling"
				w.intent("o-refunded")["captured"], w.intent("o-refunded")["refunded"], w.refunds = 0, 0, nil
				w.unpublish("payment", w.refundEvent())
			},
			"I2-charged-once", "",
		},
		"the answer to a checkout was lost": {
			func(w *world) { w.unanswered("o-regretted") },
			"I8-paid-as-shown", "1 of them not answered",
		},
		"the try of somebody else's order was not answered": {
			func(w *world) {
				w.trespassed("eve", "o-shipped", 0)
				w.history[len(w.history)-1].Fields["what"] = "cancel"
			},
			"I7-orders-are-private", "2 that were not answered",
		},
		"a refusal whose rest was lost": {
			func(w *world) {
				w.history = append(w.history, load.Operation{Name: opSearch, Outcome: load.Unknown, Status: http.StatusServiceUnavailable})
			},
			"turned-away-politely", "1 times 503",
		},
		"a customer of the sale never got an answer, and there is no order": {
			func(w *world) {
				w.history = append(w.history, load.Operation{Name: opCheckout, Shopper: rushName, Key: "k7", Outcome: load.Unknown, Fields: map[string]string{"user_id": "eve"}})
			},
			"sale-fair", "1 more have no order and got no answer",
		},
		"a customer of the sale never got an answer, and has the goods": {
			func(w *world) { w.unanswered("o-grabbed") },
			"sale-fair", "2 customers came",
		},
		"a refresh that was never answered": {
			func(w *world) {
				w.refreshed(2, opRefresh, load.Unknown)
				w.refreshed(2, opRefreshRepeat, load.Unknown)
			},
			"sessions-go-on", "of 1 more for good",
		},
		"a refresh whose visit was over before it could be repeated": {
			func(w *world) { w.refreshed(2, opRefresh, load.Unknown) },
			"sessions-go-on", "of 1 more for good",
		},
		"a watch that was given up, of an order that is shipped": {
			func(w *world) {
				for i, o := range w.history {
					if o.Name == opCompletion {
						w.history[i].Outcome = load.Unknown
					}
				}
			},
			"I4-accepted-is-final", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := wellEnded()
			c.lose(w)
			if got := broken(t, w); len(got) > 0 {
				t.Errorf("broken: %q", got)
			}
			if r := check(t, c.check).Func(w.folder(t)); !r.Holds || !strings.Contains(r.Measured, c.says) {
				t.Errorf("%s: got %+v, want it to hold and to say %q", c.check, r, c.says)
			}
		})
	}
}

func TestAnAcceptanceThatOnlyTheRepeatSawIsHeldToo(t *testing.T) {
	w := wellEnded()
	first := slices.IndexFunc(w.history, func(o load.Operation) bool { return o.Name == opCheckout && o.Key == "k1" })
	w.history[first].Outcome, w.history[first].Status = load.Unknown, 0
	w.find("order", "orders", "o-shipped")["state"] = "confirmed"
	w.forget("o-shipped")
	if got := broken(t, w); !slices.Contains(got, "orders-shipped") {
		t.Errorf("broken: %q, want orders-shipped among them", got)
	}
}

func TestAnOrderThatEndedUnseenWasNotPending(t *testing.T) {
	w := wellEnded()
	for i, o := range w.history {
		if o.Name == opCompletion {
			w.history[i].Outcome = load.Unknown // nobody saw its end, which was before the fault all the same
		}
	}
	if r := risk(t, "orders-pending").Func(w.folder(t)); r.Holds || r.Compared != 0 {
		t.Errorf("got %+v of orders that had all ended", r)
	}
}
