package inventory

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

// Whoever gives back what is overdue may be what is broken, so that counting it must not depend on that.
func TestReservationsThatAreHeldPastTheirTimeAreCountedUntilTheyAreGivenBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s, _ := shop(t, url)
		now := time.Now()
		s.now = func() time.Time { return now }
		want := func(when string, overdue, inHold float64) {
			t.Helper()
			if err := s.count(t.Context()); err != nil {
				t.Fatal(err)
			}
			units := testutil.ToFloat64(s.tel.Gauge(telemetry.StockReserved).WithLabelValues(string(reserved)))
			if got := testutil.ToFloat64(s.figures.overdue); got != overdue || units != inHold {
				t.Errorf("%s: counted %v overdue reservations and %v reserved pieces, want %v and %v", when, got, units, overdue, inHold)
			}
		}
		s.do(t, "o1", s.steps(Line{lamp, 6})["created"])
		s.do(t, "o2", s.steps(Line{lamp, 4})["created"])
		s.do(t, "o2", s.steps(Line{lamp, 4})["confirmed"])
		want("in time", 0, 6)
		now = now.Add(s.life + time.Second)
		want("past its time", 1, 6)
		if err := s.expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		want("given back", 0, 0)
	})
}

// It is counted every second, and must not cost more with each order that there ever was.
func TestOverdueReservationsAreFoundByTheirIndex(t *testing.T) {
	s, _ := shop(t, storetest.SQLite(t))
	var plan []string
	err := s.db.Read(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.Query(ctx, "EXPLAIN QUERY PLAN "+queryCountOverdue, 0)
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
	if !slices.ContainsFunc(plan, func(step string) bool { return strings.Contains(step, "INDEX reservations_open") }) {
		t.Errorf("the plan does not use reservations_open: %q", plan)
	}
}
