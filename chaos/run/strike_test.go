package run

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"stormglass/chaos/fault"
	"stormglass/chaos/scenario"
)

// noted is a fault that notes what is done to it and when.
type noted struct {
	begin      time.Time
	done       chan struct{}
	inject     error
	undo       error
	injectedAt time.Duration
	undoneAt   time.Duration
	undone     int
}

func (n *noted) Inject(context.Context) error {
	n.injectedAt = time.Since(n.begin)
	return n.inject
}

func (n *noted) Undo(ctx context.Context) error {
	n.undoneAt = time.Since(n.begin)
	n.undone++
	return errors.Join(n.undo, ctx.Err())
}

func (n *noted) Dose() fault.Dose { return fault.Dose{} }

func (n *noted) Done() <-chan struct{} { return n.done }

// struck is a fault without a trigger.
func struck() *noted {
	n := &noted{begin: time.Now(), done: make(chan struct{})}
	close(n.done)
	return n
}

func quiet() *trial {
	return &trial{scenario: &scenario.Scenario{}, options: Options{Progress: func(string, string, ...any) {}}}
}

func TestAFaultStrikesAtItsTimeAndLastsAsLongAsItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := struck()
		err := quiet().strike(t.Context(), fault.Spec{At: time.Second, For: 3 * time.Second}, f)
		if err != nil || f.injectedAt != time.Second || f.undoneAt != 4*time.Second || f.undone != 1 {
			t.Errorf("got %+v, %v, want it from 1 s to 4 s", f, err)
		}
	})
}

func TestAFaultLastsFromTheMomentThatItWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := struck()
		f.done = make(chan struct{})
		time.AfterFunc(5*time.Second, func() { close(f.done) })
		if err := quiet().strike(t.Context(), fault.Spec{For: time.Second}, f); err != nil || f.undoneAt != 6*time.Second {
			t.Errorf("got %+v, %v, want it undone after 6 s", f, err)
		}
	})
}

func TestAFaultWhoseMomentNeverComesIsUndoneInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := struck()
		f.done = make(chan struct{})
		if err := quiet().strike(t.Context(), fault.Spec{For: time.Second}, f); err != nil || f.undoneAt != patience || f.undone != 1 {
			t.Errorf("got %+v, %v, want it undone after %v", f, err, patience)
		}
	})
}

func TestAnInterruptedFaultIsUndoneAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		enough := errors.New("enough")
		time.AfterFunc(time.Second, func() { cancel(enough) })
		f := struck()
		if err := quiet().strike(ctx, fault.Spec{For: time.Hour}, f); !errors.Is(err, enough) || f.undone != 1 || f.undoneAt != time.Second {
			t.Errorf("got %+v, %v, want it undone at once and the cause", f, err)
		}
	})
}

func TestAFaultThatCannotBeInjectedOrUndoneIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := struck()
		f.inject, f.undo = errors.New("no such proxy"), errors.New("port gone")
		err := quiet().strike(t.Context(), fault.Spec{For: time.Second, Link: "a -> b", Do: "refuse"}, f)
		for _, want := range []string{"inject refuse on a -> b: no such proxy", "undo refuse on a -> b: port gone"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		if f.undone != 1 {
			t.Errorf("undone %d times, want once", f.undone)
		}
	})
}
