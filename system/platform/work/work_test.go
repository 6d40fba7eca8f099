package work_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"stormglass/system/platform/events"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
	"stormglass/system/platform/work"
)

// run runs a worker in virtual time until the test's function returns.
func run(t *testing.T, tab *table, c work.Config, test func(t *testing.T, tel *telemetry.Telemetry, w *work.Worker[string], stop func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		for item := range tab.due {
			tab.due[item] = time.Now() // virtual time is another
		}
		tel := telemetry.Discard("payment")
		c.Name = "payment.charges"
		w := work.New(tel, c, tab.source())
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(ctx) }()
		stop := sync.OnceFunc(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("run: %v", err)
			}
		})
		defer stop()
		test(t, tel, w, stop)
	})
}

func TestEveryItemIsDoneOnceAndSideBySide(t *testing.T) {
	tab := newTable(items(20)...)
	tab.do = func(context.Context, string) error { time.Sleep(10 * time.Millisecond); return nil }
	run(t, tab, work.Config{Concurrency: 5}, func(t *testing.T, _ *telemetry.Telemetry, _ *work.Worker[string], _ func()) {
		time.Sleep(4 * events.Beat) // four waves of five, without a poll in between
		synctest.Wait()
		if tab.finished() != 20 || tab.called() != 20 || tab.peak != 5 {
			t.Errorf("%d of 20 items are done in %d calls, at most %d at once; want 5 at once", tab.finished(), tab.called(), tab.peak)
		}
	})
}

func TestWakeStartsWorkAtOnceAndPollFindsTheRest(t *testing.T) {
	tab := newTable()
	run(t, tab, work.Config{Poll: time.Second}, func(t *testing.T, _ *telemetry.Telemetry, w *work.Worker[string], _ func()) {
		synctest.Wait()
		tab.add("woken")
		w.Wake()
		synctest.Wait()
		if tab.finished() != 1 {
			t.Error("the item was not done at the wake-up")
		}
		tab.add("found")
		time.Sleep(time.Second)
		synctest.Wait()
		if tab.finished() != 2 {
			t.Error("the item was not found by the poll")
		}
	})
}

func TestOutagePausesAndProbesWithOneItem(t *testing.T) {
	tab := newTable(items(10)...)
	var away atomic.Bool
	away.Store(true)
	tab.do = func(context.Context, string) error {
		if away.Load() {
			return problem.New(problem.Timeout, "", "no answer")
		}
		return nil
	}
	run(t, tab, work.Config{Concurrency: 4}, func(t *testing.T, tel *telemetry.Telemetry, _ *work.Worker[string], _ func()) {
		time.Sleep(3 * time.Second)
		synctest.Wait()
		// The first wave, then probes after 50, 100, 200, 400, 800, and 1000 ms.
		if got, want := tab.called(), 4+6; got != want {
			t.Errorf("%d calls in three seconds of outage, want %d", got, want)
		}
		if got := testutil.ToFloat64(tel.Gauge(telemetry.BacklogPaused).WithLabelValues("payment.charges")); got != 1 {
			t.Errorf("paused is %v", got)
		}
		away.Store(false)
		time.Sleep(time.Second)
		synctest.Wait()
		if tab.finished() != 10 {
			t.Errorf("%d of 10 items are done within a second after the outage", tab.finished())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		for _, m := range []telemetry.Metric{telemetry.BacklogPaused, telemetry.BacklogDepth, telemetry.BacklogAge} {
			if got := testutil.ToFloat64(tel.Gauge(m).WithLabelValues("payment.charges")); got != 0 {
				t.Errorf("%s is %v after the outage", m.Name, got)
			}
		}
	})
}

func TestItemThatFailsByItsOwnFaultHoldsUpNobody(t *testing.T) {
	tab := newTable(items(5)...)
	tab.do = func(_ context.Context, item string) error {
		switch item {
		case "item-001":
			return errors.New("bad")
		case "item-002":
			panic("worse")
		}
		return nil
	}
	run(t, tab, work.Config{Concurrency: 1}, func(t *testing.T, tel *telemetry.Telemetry, _ *work.Worker[string], _ func()) {
		time.Sleep(5 * events.Beat)
		synctest.Wait()
		if tab.finished() != 3 {
			t.Errorf("%d items are done, want 3", tab.finished())
		}
		if got := testutil.ToFloat64(tel.Gauge(telemetry.BacklogPaused).WithLabelValues("payment.charges")); got != 0 {
			t.Error("the worker paused for an item's own fault")
		}
		before := tab.called()
		time.Sleep(work.ItemDelay - 5*events.Beat)
		if tab.called() != before {
			t.Error("the item was tried again before its delay")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if tab.called() != before+2 {
			t.Errorf("%d more calls after the delay, want 2", tab.called()-before)
		}
	})
}

func TestLostTablePausesTheWorker(t *testing.T) {
	tab := newTable("item")
	tab.claimErr = problem.New(problem.Unavailable, "", "the database is away")
	run(t, tab, work.Config{}, func(t *testing.T, _ *telemetry.Telemetry, _ *work.Worker[string], _ func()) {
		time.Sleep(5 * time.Second)
		tab.mu.Lock()
		tab.claimErr = nil
		tab.mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		if tab.finished() != 1 {
			t.Error("the item was not done after the outage")
		}
	})
}

func TestStopLetsItemsFinishWithinTheGraceAndGivesBackTheOthers(t *testing.T) {
	tab := newTable("long", "short")
	tab.do = func(ctx context.Context, item string) error {
		limit := map[string]time.Duration{"short": time.Second, "long": time.Minute}[item]
		select {
		case <-time.After(limit):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	run(t, tab, work.Config{Lease: time.Hour}, func(t *testing.T, _ *telemetry.Telemetry, _ *work.Worker[string], stop func()) {
		synctest.Wait()
		start := time.Now()
		stop()
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("stopping took %v", took)
		}
		if !slices.Equal(tab.done, []string{"short"}) {
			t.Errorf("done: %v", tab.done)
		}
		if due := tab.due["long"]; due.After(time.Now().Add(time.Minute)) {
			t.Errorf("the long item keeps its lease until %v", due)
		}
	})
}

// A claim that is cut off in its commit may have leased items that nobody would do until the lease is over.
func TestStopLetsAClaimFinish(t *testing.T) {
	tab := newTable("item")
	source := tab.source()
	claiming := make(chan struct{}, 1)
	source.Claim = func(ctx context.Context, n int, lease time.Duration) ([]string, error) {
		claimed, err := tab.claim(ctx, n, lease)
		claiming <- struct{}{}
		select {
		case <-time.After(100 * time.Millisecond):
			return claimed, err
		case <-ctx.Done():
			return nil, problem.New(problem.Unknown, "commit_unknown", "no answer")
		}
	}
	synctest.Test(t, func(t *testing.T) {
		tab.due["item"] = time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- work.New(telemetry.Discard("payment"), work.Config{Name: "payment.charges"}, source).Run(ctx)
		}()
		<-claiming
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if tab.finished() != 1 {
			t.Error("what was claimed while the worker was stopped is not done")
		}
	})
}

func TestItemIsStoppedWhenItsLeaseEnds(t *testing.T) {
	tab := newTable("stuck")
	tab.do = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
	run(t, tab, work.Config{Lease: 3 * time.Second}, func(t *testing.T, _ *telemetry.Telemetry, _ *work.Worker[string], stop func()) {
		time.Sleep(10 * time.Second)
		if tab.called() < 3 {
			t.Errorf("%d calls in ten seconds: it hangs", tab.called())
		}
		stop()
	})
}
