package fault_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/cell/celltest"
	"stormglass/chaos/fault"
)

func twoStores(o *cell.Options) { o.Instances = map[string]int{"store": 2} }

func wantMended(t *testing.T, d fault.Dose, n float64) {
	t.Helper()
	wantHit(t, d, true)
	if d.Measures["pids_signalled"] != n || d.Measures["pids_mended"] != n {
		t.Errorf("got %v, want %v harmed and as many mended", d.Measures, n)
	}
}

func TestStopLetsEveryInstanceEndByItselfAndBringsItBack(t *testing.T) {
	c := celltest.Start(t, twoStores)
	before := pids(c)
	f := inject(t, c, fault.Spec{Do: "stop", Process: "store"})
	for _, name := range []string{"store-1", "store-2"} {
		if celltest.Lives(before[name]) {
			t.Errorf("%s lives", name)
		}
	}
	undo(t, f)
	wantMended(t, f.Dose(), 2)
	if after := pids(c); after["store-1"] == 0 || after["store-1"] == before["store-1"] {
		t.Errorf("got pids %v after %v, want new stores", after, before)
	}
}

func TestAProcessThatDoesNotHearStopIsKilledAndThatIsAnError(t *testing.T) {
	c := celltest.Start(t, func(o *cell.Options) { o.Env = map[string]map[string]string{"store": {"DEAF": "1"}} })
	f, err := fault.New(fault.Spec{Do: "stop", Process: "store", For: time.Second}, c, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Inject(t.Context()); err == nil || !strings.Contains(err.Error(), "store-1 did not end") {
		t.Errorf("got error %v, want that store-1 did not end", err)
	}
	undo(t, f)
	wantHit(t, f.Dose(), false)
	if pids(c)["store-1"] == 0 {
		t.Error("the process that was killed in the end has not come back")
	}
}

func TestAPausedProcessKeepsItsPlaceAndGoesOn(t *testing.T) {
	c := celltest.Start(t, nil)
	before := pids(c)
	f := inject(t, c, fault.Spec{Do: "pause", Process: "shop"})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Public()+"/hello", nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := http.DefaultClient.Do(req); err == nil {
		answer.Body.Close()
		t.Error("a paused process answered")
	}
	undo(t, f)
	wantMended(t, f.Dose(), 1)
	celltest.MustGet(t, c.Public()+"/hello")
	if after := pids(c); after["shop-1"] != before["shop-1"] {
		t.Errorf("got pids %v after %v, want the same process", after, before)
	}
}

func TestACellStopsWithAPausedProcess(t *testing.T) {
	c := celltest.Start(t, nil)
	pid := pids(c)["shop-1"]
	inject(t, c, fault.Spec{Do: "pause", Process: "shop"})
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if celltest.Lives(pid) {
		t.Error("the paused process lives")
	}
}

func TestARollingRestartLeavesOneInstanceUpAtAnyTime(t *testing.T) {
	c := celltest.Start(t, twoStores)
	before := pids(c)
	over, least := make(chan struct{}), make(chan int)
	go func() {
		fewest := 2
		for {
			select {
			case <-over:
				least <- fewest
				return
			default:
			}
			live := 0
			for _, in := range c.Instances() {
				if in.Unit == "store" && in.Pid != 0 {
					live++
				}
			}
			fewest = min(fewest, live)
		}
	}()
	f := inject(t, c, fault.Spec{Do: "rolling-restart", Process: "store"})
	close(over)
	if got := <-least; got != 1 {
		t.Errorf("at the least %d stores lived, want 1", got)
	}
	wantMended(t, f.Dose(), 2)
	after := pids(c)
	for _, name := range []string{"store-1", "store-2"} {
		if after[name] == before[name] || after[name] == 0 {
			t.Errorf("got pids %v after %v, want new stores", after, before)
		}
	}
}

func TestARestartComesBackAtOnce(t *testing.T) {
	c := celltest.Start(t, nil)
	before := pids(c)
	f := inject(t, c, fault.Spec{Do: "restart", Process: "store"})
	if after := pids(c); after["store-1"] == before["store-1"] || after["store-1"] == 0 {
		t.Errorf("got pids %v after %v, want a new store", after, before)
	}
	wantMended(t, f.Dose(), 1)
}
