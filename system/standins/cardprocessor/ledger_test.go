package cardprocessor

import (
	"fmt"
	"net/url"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever shops ask for, in whatever order and under whatever keys, and whenever the processor is killed: nothing is
// captured twice, nothing is refunded that was not captured, and the books say the same after a restart.
func TestMoneyAddsUpWhateverIsAskedFor(t *testing.T) {
	folder, run := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		path := filepath.Join(folder, fmt.Sprint(run))
		l := openForModel(rt, path)
		defer func() { _ = l.Close() }() // of the last one; those before were killed
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			if rapid.IntRange(0, 9).Draw(rt, "kill") == 0 {
				before := booksOf(rt, l)
				l = openForModel(rt, path)
				if after := booksOf(rt, l); !reflect.DeepEqual(before, after) {
					rt.Fatalf("books changed over a restart:\n%+v\n%+v", before, after)
				}
			}
			step(rt, l)
			checkBooks(rt, booksOf(rt, l))
		}
	})
}

func openForModel(rt *rapid.T, path string) *Ledger {
	l, err := OpenLedger(path, Options{Slow: time.Microsecond})
	if err != nil {
		rt.Fatalf("open ledger: %v", err)
	}
	return l
}

func booksOf(rt *rapid.T, l *Ledger) Books {
	b, err := l.Books()
	if err != nil {
		rt.Fatalf("read books: %v", err)
	}
	return b
}

// step asks for one thing about one of at most three orders, each of which has one intent.
func step(rt *rapid.T, l *Ledger) {
	a := &API{ledger: l}
	order := rapid.IntRange(0, 2).Draw(rt, "order")
	what := rapid.SampledFrom([]string{"create", "confirm", "cancel", "refund"}).Draw(rt, "what")
	id := ""
	if b := booksOf(rt, l); order < len(b.Intents) {
		id = b.Intents[order].ID
	}
	form, decide := url.Values{}, a.create
	switch what {
	case "create":
		token := rapid.SampledFrom(cards).Draw(rt, "card").token
		form = url.Values{"amount": {"100"}, "currency": {"eur"}, "payment_method": {token}}
	case "confirm":
		decide = a.confirm
	case "cancel":
		decide = a.cancel
	case "refund":
		form, decide = url.Values{"payment_intent": {id}, "amount": {fmt.Sprint(rapid.IntRange(1, 120).Draw(rt, "amount"))}}, a.refund
	}
	if what == "create" && len(booksOf(rt, l).Intents) == 3 {
		return
	}
	var key *hash
	if n := rapid.IntRange(0, 4).Draw(rt, "key"); n > 0 {
		key = &hash{byte(n), byte(order), what[0]}
	}
	if _, err := l.perform(request{id: "req", key: key, content: hash{1}}, func(now time.Time) outcome { return decide(id, params{form}, now) }); err != nil {
		rt.Fatalf("%s: %v", what, err)
	}
}

func checkBooks(rt *rapid.T, b Books) {
	refunded := map[string]int64{}
	for _, r := range b.Refunds {
		if r.Status == RefundSucceeded {
			refunded[r.Intent] += r.Amount
		}
	}
	for _, i := range b.Intents {
		if i.State == Succeeded != (i.Captured == i.Amount) || (i.State != Succeeded && i.Captured != 0) {
			rt.Fatalf("captured does not fit the state: %+v", i)
		}
		if i.Refunded > i.Captured || i.Refunded != refunded[i.ID] {
			rt.Fatalf("refunds of %d do not fit %+v", refunded[i.ID], i)
		}
	}
}
