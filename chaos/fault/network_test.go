package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/cell/celltest"
	"stormglass/chaos/fault"
	"stormglass/internal/await"
)

const (
	link   = "shop -> store"
	dbLink = "shop -> store-db"
)

// timed asks through the link and says how long it took.
func timed(t *testing.T, c *cell.Cell) time.Duration {
	t.Helper()
	begin := time.Now()
	celltest.MustGet(t, c.Public()+"/ask")
	return time.Since(begin)
}

func TestDelayAddsWhatWasAskedAndSaysSo(t *testing.T) {
	c := celltest.Start(t, nil)
	timed(t, c)
	for _, direction := range []string{"both", "request", "response"} {
		want := 60 * time.Millisecond
		if direction == "both" {
			want *= 2
		}
		f := inject(t, c, fault.Spec{Do: "delay", Link: link, Latency: 60 * time.Millisecond, Direction: direction})
		if !closed(f.Done()) {
			t.Error("it is not done striking when Inject has returned")
		}
		took := timed(t, c)
		if took < want {
			t.Errorf("%s: the call took %s, want %s at least", direction, took, want)
		}
		undo(t, f)
		d := f.Dose()
		wantHit(t, d, true)
		if mean := d.Measures["added_ms"] / d.Measures["chunks_delayed"]; mean < 60 || mean > 1000*took.Seconds() {
			t.Errorf("%s: dose says %.1f ms on average, want 60 at least, and no more than the %s of the call", direction, mean, took)
		}
		if d.Measures["connections_touched"] != 1 {
			t.Errorf("%s: dose says %v connections, want 1", direction, d.Measures["connections_touched"])
		}
		await.NoError(t, func() error { // a busy machine may be slow by itself, but not always
			if got := timed(t, c); got >= want {
				return fmt.Errorf("%s: after the end the call took %s", direction, got)
			}
			return nil
		})
	}
}

func TestDelaysOnOneLinkAddUp(t *testing.T) {
	c := celltest.Start(t, nil)
	timed(t, c)
	inject(t, c, fault.Spec{Do: "delay", Link: link, Latency: 50 * time.Millisecond, Direction: "request"})
	inject(t, c, fault.Spec{Do: "delay", Link: "shop-1 -> store-1", Latency: 50 * time.Millisecond, Direction: "request"})
	if got := timed(t, c); got < 100*time.Millisecond {
		t.Errorf("the call took %s, want at least 100ms", got)
	}
}

func TestTheEndOfADelayLetsGoWhatIsHeld(t *testing.T) {
	c := celltest.Start(t, nil)
	timed(t, c)
	proxies, err := c.Proxies(link)
	if err != nil {
		t.Fatal(err)
	}
	before := proxies[0].Traffic().RequestBytes
	f := inject(t, c, fault.Spec{Do: "delay", Link: link, Latency: time.Minute})
	answer := make(chan error, 1)
	go func() { _, err := celltest.Get(c.Public() + "/ask"); answer <- err }()
	await.NoError(t, func() error {
		if proxies[0].Traffic().RequestBytes == before {
			return errors.New("the request has not come to the proxy")
		}
		return nil
	})
	undo(t, f)
	if err := <-answer; err != nil {
		t.Errorf("the call that was held failed: %v", err)
	}
}

func TestBlackholeHoldsBytesAndClosesWhatLostSome(t *testing.T) {
	c := celltest.Start(t, nil)
	celltest.MustGet(t, c.Public()+"/line?text=a")
	f := inject(t, c, fault.Spec{Do: "blackhole", Link: dbLink})
	answer := make(chan error, 1)
	go func() { _, err := celltest.Get(c.Public() + "/line?text=b"); answer <- err }()
	await.NoError(t, func() error {
		if f.Dose().Measures["bytes_held"] == 0 {
			return errors.New("no byte was held")
		}
		return nil
	})
	select {
	case err := <-answer:
		t.Fatalf("the call came back from the dark: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	undo(t, f)
	if err := <-answer; err == nil {
		t.Error("the call succeeded though its bytes were lost")
	}
	d := f.Dose()
	wantHit(t, d, true)
	if d.Measures["connections_touched"] != 1 || d.Measures["connections_closed"] != 1 {
		t.Errorf("got %v, want one connection touched and closed", d.Measures)
	}
	await.NoError(t, func() error { _, err := celltest.Get(c.Public() + "/line?text=b"); return err })
}

func TestABlackholeInOneDirectionLetsTheOtherPass(t *testing.T) {
	c := celltest.Start(t, nil)
	f := inject(t, c, fault.Spec{Do: "blackhole", Link: dbLink, Direction: "response"})
	answer := make(chan error, 1)
	go func() { _, err := celltest.Get(c.Public() + "/line?text=into-the-dark"); answer <- err }()
	await.NoError(t, func() error {
		if f.Dose().Measures["bytes_held"] == 0 {
			return errors.New("no answer was held")
		}
		return nil
	})
	proxies, err := c.Proxies(dbLink)
	if err != nil {
		t.Fatal(err)
	}
	if traffic := proxies[0].Traffic(); traffic.ResponseBytes != int64(len("OK into-the-dark\n")) {
		t.Errorf("got %+v, want the server's answer to have come: it must have seen the request", traffic)
	}
	undo(t, f)
	if err := <-answer; err == nil {
		t.Error("the call succeeded though its answer was lost")
	}
}

func TestRefuseCutsAndRefusesAndGetsItsPortBack(t *testing.T) {
	c := celltest.Start(t, nil)
	timed(t, c)
	f := inject(t, c, fault.Spec{Do: "refuse", Link: link})
	for range 2 {
		_, err := celltest.Get(c.Public() + "/ask")
		if err == nil || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("got error %v, want a refused connection", err)
		}
	}
	undo(t, f)
	d := f.Dose()
	wantHit(t, d, true)
	for name, want := range map[string]float64{"connections_cut": 1, "ports_closed": 1, "ports_back": 1} {
		if got := d.Measures[name]; got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	timed(t, c)
}

func TestRefuseCountsWhoCameWhenNobodyWasConnected(t *testing.T) {
	c := celltest.Start(t, nil)
	f := inject(t, c, fault.Spec{Do: "refuse", Link: link})
	if _, err := celltest.Get(c.Public() + "/ask"); err == nil {
		t.Error("the first call was answered")
	}
	await.NoError(t, func() error {
		_, err := celltest.Get(c.Public() + "/ask")
		if err == nil || !strings.Contains(err.Error(), "connection refused") {
			return errors.New("later calls are not refused")
		}
		return nil
	})
	undo(t, f)
	wantHit(t, f.Dose(), true)
	if got := f.Dose().Measures["connections_refused"]; got != 1 {
		t.Errorf("got %v refused, want 1: the only one that can be seen", got)
	}
	timed(t, c)
}

func TestNoTrafficIsNoHit(t *testing.T) {
	c := celltest.Start(t, nil)
	for _, s := range []fault.Spec{
		{Do: "delay", Link: link, Latency: time.Millisecond}, {Do: "blackhole", Link: link}, {Do: "refuse", Link: link},
	} {
		f := inject(t, c, s)
		undo(t, f)
		wantHit(t, f.Dose(), false)
	}
	timed(t, c)
	for _, s := range []fault.Spec{
		{Do: "delay", Link: link, Latency: time.Millisecond}, {Do: "blackhole", Link: link},
	} {
		f := inject(t, c, s) // now there is a connection, but nothing on it
		undo(t, f)
		wantHit(t, f.Dose(), false)
	}
}

func TestUndoIsSafeOnEveryWayOut(t *testing.T) {
	c := celltest.Start(t, nil)
	for _, s := range []fault.Spec{
		{Do: "delay", Link: link, Latency: time.Millisecond}, {Do: "blackhole", Link: link}, {Do: "refuse", Link: link},
		{Do: "kill", Process: "store"},
		{Do: "kill", Process: "store", When: &fault.Trigger{Link: link, Request: "never"}},
	} {
		s.For = time.Second
		never, err := fault.New(s, c, 1)
		if err != nil {
			t.Fatal(err)
		}
		undo(t, never) // never injected
		twice := inject(t, c, s)
		undo(t, twice)
		undo(t, twice)
		timed(t, c)
	}
}

func TestFaultsMayComeAndGoUnderTraffic(t *testing.T) {
	c := celltest.Start(t, nil)
	stop := make(chan struct{})
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for !closed(stop) {
				_, _ = celltest.Get(c.Public() + "/ask") // some are meant to fail
			}
		})
	}
	for range 5 {
		for _, s := range []fault.Spec{
			{Do: "delay", Link: link, Latency: time.Millisecond, Jitter: time.Millisecond}, {Do: "blackhole", Link: link}, {Do: "refuse", Link: link},
		} {
			f := inject(t, c, s)
			_ = f.Dose()
			undo(t, f)
		}
	}
	close(stop)
	calls.Wait()
	timed(t, c)
}
