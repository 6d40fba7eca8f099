package order

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

// ages gives the two gauges: of the oldest open order, and of the oldest that is paid and not on its way. Seconds.
func (b *bench) ages(t *testing.T) (open, confirmed float64) {
	t.Helper()
	if err := b.db.Read(t.Context(), "test", b.measureOldest); err != nil {
		t.Fatal(err)
	}
	return testutil.ToFloat64(b.tel.Gauge(telemetry.SagaOldest)), testutil.ToFloat64(b.tel.Gauge(telemetry.ConfirmedOldest))
}

func TestTheOldestOrdersAgeIsThatOfWhatIsOpenAndOfWhatIsPaid(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		b := newBench(t, url)
		start := time.Now().Truncate(time.Microsecond) // as the database keeps it
		b.now = func() time.Time { return start }
		want := func(when string, open, confirmed float64) {
			t.Helper()
			if o, c := b.ages(t); o != open || c != confirmed {
				t.Errorf("%s: the oldest open order is %v s old and the oldest paid one %v s; want %v and %v", when, o, c, open, confirmed)
			}
		}
		want("without orders", 0, 0)
		b.hear(t, b.create(t, "1").ID, causeDeclined)
		first := b.next(t, "2").ID
		start = start.Add(10 * time.Second)
		second := b.next(t, "3").ID
		start = start.Add(20 * time.Second)
		want("two pending", 30, 0)
		b.hear(t, first, causePaid)
		want("the older is paid", 30, 30)
		b.hear(t, second, causePaid)
		b.hear(t, first, causeDispatched)
		want("the older is on its way, the younger paid", 20, 20)
		b.hear(t, second, causeDispatched)
		want("all are final", 0, 0)
	})
}

// The oldest open order is asked for all the time; that must not cost more with each order that was ever shipped.
func TestTheOldestOpenOrderIsFoundByIndexes(t *testing.T) {
	b := newBench(t, storetest.SQLite(t))
	var plan []string
	err := b.db.Read(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.Query(ctx, "EXPLAIN QUERY PLAN "+queryOldest)
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
	for _, index := range []string{"orders_open", "orders_confirmed"} {
		if !slices.ContainsFunc(plan, func(step string) bool { return strings.HasSuffix(step, "INDEX "+index) }) {
			t.Errorf("the plan does not use %s: %q", index, plan)
		}
	}
}
