package load

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// caller makes one call that takes a while, and then watches what becomes of it for much longer.
type caller struct {
	takes time.Duration
	fails error
}

func (caller) Prepare(context.Context, Target) error { return nil }

func (c caller) Visit(ctx context.Context, v *Visit) {
	_ = v.Do(ctx, "call", func(context.Context, *Operation) error {
		time.Sleep(c.takes)
		return c.fails
	})
	time.Sleep(time.Minute)
}

// after runs a closed loop for a second and gives how many visits it started.
func after(t *testing.T, o Options) (visits int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.Recorder = NewRecorder(io.Discard)
		g := Start(t.Context(), o)
		time.Sleep(time.Second - time.Millisecond)
		g.Halt()
		visits = g.Stats().Visits
		g.Stop(t.Context())
	})
	return visits
}

func TestAClosedLoopStartsTheNextVisitWhenAnOperationHasEnded(t *testing.T) {
	for name, c := range map[string]struct {
		o    Options
		want int
	}{
		"two at a time, 100 ms each":         {Options{Closed: 2, Operation: "call", Shopper: caller{takes: 100 * time.Millisecond}}, 20},
		"no more than it may send":           {Options{Closed: 2, Operation: "call", Shopper: caller{takes: 100 * time.Millisecond}, Visits: 5}, 5},
		"a refusal is followed by a pause":   {Options{Closed: 2, Operation: "call", Shopper: caller{fails: errors.New("503")}}, 20},
		"another operation gives nobody way": {Options{Closed: 2, Operation: "order", Shopper: caller{takes: 100 * time.Millisecond}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			if got := after(t, c.o); got != c.want {
				t.Errorf("got %d visits in a second, want %d", got, c.want)
			}
		})
	}
}

// silent is a visitor who leaves without having done anything.
type silent struct{}

func (silent) Prepare(context.Context, Target) error { return nil }

func (silent) Visit(context.Context, *Visit) {}

func TestAVisitThatEndsWithoutItsOperationGivesWayAfterAPause(t *testing.T) {
	if got := after(t, Options{Closed: 3, Operation: "call", Shopper: silent{}}); got != 30 {
		t.Errorf("got %d visits in a second, want 30", got)
	}
}
