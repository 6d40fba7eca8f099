package payment

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"stormglass/system/platform/events"
	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

// shelf is a processor's books in a test: charges with the time of their creation, two to a page.
type shelf struct {
	charges []Booked
	created []time.Time
	// away: no call is answered. calls counts those that were.
	away  bool
	calls int
}

func (s *shelf) add(created time.Time, b Booked) {
	s.charges, s.created = append(s.charges, b), append(s.created, created)
}

func (s *shelf) answer() error {
	if s.away {
		return problem.New(problem.Unavailable, "", "the company is away")
	}
	s.calls++
	return nil
}

func (s *shelf) List(_ context.Context, from, to time.Time, after IntentID) (page []Booked, more bool, err error) {
	for i, b := range slices.Backward(s.charges) {
		switch {
		case s.created[i].Before(from) || !s.created[i].Before(to):
		case after != "":
			if b.ID == after {
				after = ""
			}
		case len(page) == 2:
			return page, true, s.answer()
		default:
			page = append(page, b)
		}
	}
	return page, false, s.answer()
}

func (s *shelf) Look(_ context.Context, id IntentID) (Booked, bool, error) {
	for _, b := range s.charges {
		if b.ID == id {
			return b, true, s.answer()
		}
	}
	return Booked{}, false, s.answer()
}

// office is a reconciler with its books, at a time of its own.
type office struct {
	*reconciler
	shelf *shelf
	at    time.Time
}

// newOffice begins at a whole minute, with books that are compared up to five minutes before it.
func newOffice(t *testing.T, url string) *office {
	t.Helper()
	tel := telemetry.Discard("payment")
	o := &office{shelf: &shelf{}, at: time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)}
	o.reconciler = &reconciler{
		tel: tel, db: storetest.Open(t, url, migrations(), events.Migrations()), books: o.shelf, figures: newBookFigures(tel),
		after: 5 * time.Minute, now: func() time.Time { return o.at },
	}
	o.pass(t)
	return o
}

func (o *office) pass(t *testing.T) {
	t.Helper()
	if err := o.once(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// settle writes a payment of ours that reached its state now.
func (o *office) settle(t *testing.T, order OrderID, state State, minor int64) {
	t.Helper()
	err := o.db.InTx(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
		return insert(ctx, tx, Payment{Order: order, State: state, Amount: money.Of(minor, "EUR"), Intent: IntentID("pi_" + order), Since: o.at})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// books has the processor keep money for an order's charge that it created now.
func (o *office) book(order OrderID, minor int64) {
	o.shelf.add(o.at, Booked{ID: IntentID("pi_" + order), Order: order, Received: money.Of(minor, "EUR")})
}

// want compares the gauge's kinds that are not 0, such as "kept 1".
func (o *office) want(t *testing.T, when, want string) {
	t.Helper()
	var got []string
	for _, k := range kinds() {
		if n := testutil.ToFloat64(o.figures.mismatches.WithLabelValues(string(k))); n > 0 {
			got = append(got, fmt.Sprintf("%s %v", k, n))
		}
	}
	if joined := strings.Join(got, ", "); joined != want {
		t.Errorf("%s: the books differ by %q, want %q", when, joined, want)
	}
}

func TestEveryKindOfDisagreementIsFoundOnceItIsOldEnough(t *testing.T) {
	const none = -1
	cases := map[string]struct {
		ours         State // "": we know nothing of it
		owed, theirs int64 // theirs none: the processor does not know it
		want         string
	}{
		"both say paid":                   {Completed, 1299, 1299, ""},
		"both say not paid":               {Failed, 1299, 0, ""},
		"refunded on both sides":          {Refunded, 1299, 0, ""},
		"declined before there was one":   {Failed, 1299, none, ""},
		"an attempt that took nothing":    {"", 0, 0, ""},
		"still under way":                 {Refunding, 1299, 1299, ""},
		"money for nothing":               {"", 0, 1299, "unknown 1"},
		"paid for, says only we":          {Completed, 1299, none, "missing 1"},
		"another amount":                  {Completed, 1299, 1300, "amount 1"},
		"cancelled, and the money kept":   {Cancelled, 1299, 1299, "kept 1"},
		"refunded by half":                {Refunded, 1299, 600, "kept 1"},
		"completed, and refunded by them": {Completed, 1299, 0, "not_taken 1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, url string) {
				o := newOffice(t, url)
				if c.ours != "" {
					o.settle(t, goods, c.ours, c.owed)
				}
				if c.theirs != none {
					o.book(goods, c.theirs)
				}
				o.at = o.at.Add(o.after - time.Second)
				o.pass(t)
				o.want(t, "too young", "")
				o.at = o.at.Add(3 * time.Minute)
				o.pass(t)
				o.want(t, "old enough", c.want)
			})
		})
	}
}

func TestAMismatchStandsUntilTheBooksAgreeAlsoForTheNextProcess(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		o := newOffice(t, url)
		o.settle(t, goods, Completed, 1299)
		o.book(goods, 1300)
		o.at = o.at.Add(10 * time.Minute)
		o.pass(t)
		o.want(t, "found", "amount 1")
		o.reconciler = &reconciler{tel: o.tel, db: o.db, books: o.shelf, figures: newBookFigures(telemetry.Discard("payment")), after: o.after, now: o.now}
		o.pass(t)
		o.want(t, "after a restart", "amount 1")
		o.shelf.charges[0].Received = money.Of(1299, "EUR")
		o.pass(t)
		o.want(t, "put right", "")
	})
}

// What is refunded long after it was compared is compared again.
func TestAChargeIsComparedEachTimeThatItsPaymentIsSettled(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	o.book(goods, 1299)
	o.at = o.at.Add(time.Hour)
	o.settle(t, goods, Refunded, 1299)
	o.at = o.at.Add(10 * time.Minute)
	o.pass(t)
	o.pass(t) // an hour at a time
	o.want(t, "refunded by us alone", "kept 1")
}

func TestBooksWaitWhileTheProcessorIsAwayAndSkipNothing(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	unchecked := func() float64 { return testutil.ToFloat64(o.figures.unchecked) }
	if got := unchecked(); got != 300 {
		t.Errorf("books that are up to date are compared up to %v s ago, want 300", got)
	}
	for i := range 5 {
		o.book(OrderID(fmt.Sprint("o", i)), 100)
	}
	o.shelf.away = true
	o.at = o.at.Add(20 * time.Minute)
	for range 2 {
		if err := o.once(t.Context()); !problem.CodeOf(err).Outage() {
			t.Errorf("got %v, want an outage", err)
		}
	}
	if got := unchecked(); got != 1500 {
		t.Errorf("after 20 minutes of outage nothing is compared for %v s, want 1500", got)
	}
	o.want(t, "while it is away", "")
	o.shelf.away = false
	o.pass(t)
	o.want(t, "when it is back", "unknown 5")
	if got := unchecked(); got != 300 {
		t.Errorf("compared up to %v s ago, want 300", got)
	}
}

func TestComparingCostsOneListForAStretchAndNoQuestionForWhatItHolds(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	for i := range 4 {
		order := OrderID(fmt.Sprint("o", i))
		o.book(order, 1299)
		o.settle(t, order, Completed, 1299)
	}
	o.at = o.at.Add(o.after + time.Minute)
	before := o.shelf.calls
	o.pass(t)
	if got := testutil.ToFloat64(o.figures.compared); got != 4 {
		t.Errorf("compared %v charges, want 4", got)
	}
	// Five empty minutes, and one of two pages.
	if got := o.shelf.calls - before; got != 7 {
		t.Errorf("asked the processor %d times, want 7", got)
	}
	o.want(t, "all agree", "")
}

// Comparing must not cost more with each payment that there ever was.
func TestSettledPaymentsAreFoundByTheirIndex(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t))
	var plan []string
	err := o.db.Read(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.Query(ctx, "EXPLAIN QUERY PLAN "+querySettled, 0, 1)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				return err
			}
			plan = append(plan, step)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(plan, func(step string) bool { return strings.Contains(step, "INDEX payments_settled") }) {
		t.Errorf("the plan does not use payments_settled: %q", plan)
	}
}
