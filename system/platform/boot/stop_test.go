package boot

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"stormglass/internal/await"
	"stormglass/internal/ports/portstest"
	"stormglass/system/platform/problem"
)

// promptly fails the test when stopping takes longer than no wait at all would explain.
func promptly(t *testing.T, stop func() error) {
	t.Helper()
	start := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 8*time.Second { // a step that hangs takes its ten
		t.Errorf("the program took %v to stop", took)
	}
}

func TestASilentConnectionDoesNotHoldTheTeardownUp(t *testing.T) {
	addr := portstest.Free(t)
	t.Setenv("ADMIN_ADDR", addr)
	stop := program(t, func(context.Context, *Runtime) error { return nil })
	var silent net.Conn
	await.NoError(t, func() (err error) { silent, err = net.Dial("tcp", addr); return err })
	defer silent.Close()
	await.NoError(t, func() error { return answers(addr, 200, "ready") }) // by then the silent one is accepted too
	promptly(t, stop)
}

func TestAStepThatHangsLeavesTheOthersTheirTime(t *testing.T) {
	t.Setenv("SHUTDOWN_TIMEOUT", "200ms")
	var left time.Duration
	stop := program(t, func(_ context.Context, rt *Runtime) error {
		rt.OnStop("patient", func(ctx context.Context) error {
			end, _ := ctx.Deadline()
			left = time.Until(end)
			return nil
		})
		rt.OnStop("hanging", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		return nil
	})
	if err := stop(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the step that hung", err)
	}
	if left <= 0 {
		t.Errorf("the step after the one that hung had %v left", left)
	}
}

// A database that hangs while its service starts answers a stop by a time-out: that is the stop, and no failure.
func TestAProgramThatIsStoppedWhileItStartsHasNotFailed(t *testing.T) {
	starting := make(chan struct{})
	stop := program(t, func(ctx context.Context, _ *Runtime) error {
		close(starting)
		<-ctx.Done()
		return problem.Wrap(errors.New("i/o timeout"), problem.Canceled, "", "the caller left")
	})
	<-starting
	if err := stop(); err != nil {
		t.Errorf("got %v, want no error", err)
	}
}
