package shop

import (
	"slices"
	"strings"
	"testing"

	"stormglass/chaos/load"
)

func TestNobodyConcludesFromWhatWasNotCollected(t *testing.T) {
	needs := map[string][]string{
		"order":     {"orders-final", "orders-shipped", "orders-declined", "sale-fair", "I1-stock-follows-orders", "I2-charged-once", "I3-refunded", "I4-accepted-is-final", "I5-same-key-same-order", "I6-events-once", "I7-orders-are-private", "I8-paid-as-shown", "I9-told-once", "I10-cart-ordered-once", "orders-pending", "sagas-open", "payments-due", "payments-caught"},
		"inventory": {"sale-fair", "I1-stock-adds-up", "I1-stock-follows-orders", "I6-events-once", "I9-told-once"},
		"cart":      {"I10-cart-ordered-once"},
		"payment":   {"I2-charged-once", "I3-refunded", "I6-events-once", "I9-told-once", "payments-due", "payments-caught"},
		"shipping":  {"I6-events-once", "I9-told-once"},
		"books":     {"orders-declined", "I2-charged-once", "I3-refunded", "I8-paid-as-shown", "I9-told-once"},
	}
	for missing, want := range needs {
		f := wellEnded().folder(t)
		if delete(f.Audits, missing+"-1"); missing == "books" {
			clear(f.Books)
		}
		for _, c := range Registry().Checks {
			r := c.Func(f)
			if (r.Inconclusive != "") != slices.Contains(want, c.Name) || r.Inconclusive != "" && r.Holds {
				t.Errorf("%s without %s: got %+v", c.Name, missing, r)
			}
		}
	}
}

func TestASaleWithoutContestShowsNothing(t *testing.T) {
	w := wellEnded()
	w.drop("order", "orders", func(r row) bool { return r["id"] == "o-late" })
	w.history = slices.DeleteFunc(w.history, func(o load.Operation) bool { return o.Key == "k6" })
	if r := looking(saleFair)(w.folder(t)); !strings.Contains(r.Inconclusive, "no contest") {
		t.Errorf("got %+v", r)
	}
}

func TestEventsThatWereDeletedCannotBeCompared(t *testing.T) {
	w := wellEnded()
	w.add("order", "inbox_pruned", row{"queue": "q.order", "type": "payment.completed.v1", "events": 3})
	if r := looking(eventsOnce)(w.folder(t)); !strings.Contains(r.Inconclusive, "inbox_pruned") {
		t.Errorf("got %+v", r)
	}
}

func TestCopiesCannotBeComparedWhereNobodyCountedLostAnswers(t *testing.T) {
	w := wellEnded()
	for _, m := range w.audits["notification"]["messages"] {
		delete(m, "unanswered") // as in a folder of an earlier version
	}
	if r := looking(toldOnce)(w.folder(t)); !r.Holds {
		t.Errorf("got %+v of messages that came once", r)
	}
	w.mails = append(w.mails, w.mails[0])
	if r := looking(toldOnce)(w.folder(t)); !strings.Contains(r.Inconclusive, "does not count unanswered attempts") {
		t.Errorf("got %+v", r)
	}
}

func TestAWorldWithoutOrdersComparesNothing(t *testing.T) {
	w := wellEnded()
	w.history, w.intents, w.refunds, w.log, w.retried, w.mails, w.texts = nil, nil, nil, nil, nil, nil, nil
	for service, tables := range w.audits {
		for table := range tables {
			if table != "stock" {
				w.audits[service][table] = []row{}
			}
		}
	}
	f := w.folder(t)
	for _, c := range Registry().Checks {
		if r := c.Func(f); c.Name != "I1-stock-adds-up" && r.Compared > 0 {
			t.Errorf("%s compared %d objects of nothing", c.Name, r.Compared)
		}
	}
}

func TestChecksHaveNamesOfTheirOwnAndSayWhatTheyLookAt(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Registry().Checks {
		if seen[c.Name] || c.Doc == "" {
			t.Errorf("%q is there twice or has no doc", c.Name)
		}
		seen[c.Name] = true
	}
}
