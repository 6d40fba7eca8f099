package fault_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"stormglass/chaos/cell"
	"stormglass/chaos/cell/celltest"
	"stormglass/chaos/fault"
)

func TestKillEndsEveryInstanceAndBringsItBack(t *testing.T) {
	c := celltest.Start(t, func(o *cell.Options) { o.Instances = map[string]int{"store": 2} })
	before := pids(c)
	f := inject(t, c, fault.Spec{Do: "kill", Process: "store"})
	if !closed(f.Done()) {
		t.Error("it is not done striking when Inject has returned")
	}
	for _, name := range []string{"store-1", "store-2"} {
		if celltest.Lives(before[name]) {
			t.Errorf("%s lives", name)
		}
	}
	undo(t, f)
	d := f.Dose()
	wantHit(t, d, true)
	if d.Measures["pids_signalled"] != 2 || d.Measures["pids_mended"] != 2 || d.Measures["max_mend_ms"] <= 0 {
		t.Errorf("got %v, want two killed and two back", d.Measures)
	}
	after := pids(c)
	if after["shop-1"] != before["shop-1"] || after["store-1"] == before["store-1"] || after["store-1"] == 0 {
		t.Errorf("got pids %v after %v, want new stores and the same shop", after, before)
	}
}

func pids(c *cell.Cell) map[string]int {
	out := map[string]int{}
	for _, in := range c.Instances() {
		out[in.Name] = in.Pid
	}
	return out
}

// spy notes, for each chunk that holds a text and has got past every effect before it, whether a process lives.
type spy struct {
	text      string
	direction cell.Direction
	pid       int

	mu    sync.Mutex
	alive []bool
}

func (s *spy) Join(stream *cell.Stream) cell.Pass {
	return func(c cell.Chunk, next func(cell.Chunk)) {
		if stream.Direction == s.direction && bytes.Contains(c.Data, []byte(s.text)) {
			s.mu.Lock()
			s.alive = append(s.alive, celltest.Lives(s.pid))
			s.mu.Unlock()
		}
		next(c)
	}
}

func (s *spy) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprint(s.alive)
}

func TestATriggerKillsBeforeTheNthLinePasses(t *testing.T) {
	for name, c := range map[string]struct {
		direction cell.Direction
		when      fault.Trigger
	}{
		"request":  {cell.Request, fault.Trigger{Link: "shop -> store-db", Request: "COMMITTED pay", Nth: 3}},
		"response": {cell.Response, fault.Trigger{Link: "shop -> store-db", Response: "OK COMMITTED pay", Nth: 3}},
		"moment":   {cell.Response, fault.Trigger{Moment: "paid", Nth: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			toy := celltest.Start(t, nil)
			f := inject(t, toy, fault.Spec{Do: "kill", Process: "shop", When: &c.when})
			proxies, err := toy.Proxies("shop -> store-db")
			if err != nil {
				t.Fatal(err)
			}
			behind := &spy{text: "COMMITTED pay", direction: c.direction, pid: pids(toy)["shop-1"]}
			proxies[0].Add(behind) // behind the trigger, so it sees what that lets pass
			for _, line := range []string{"BEGIN pay", "COMMITTED pay", "COMMITTED ship", "COMMITTED pay"} {
				celltest.MustGet(t, toy.Public()+"/line?text="+strings.ReplaceAll(line, " ", "+"))
			}
			if closed(f.Done()) {
				t.Fatal("it struck too early")
			}
			if _, err := celltest.Get(toy.Public() + "/line?text=COMMITTED+pay"); err == nil {
				t.Error("the third was answered")
			}
			<-f.Done()
			undo(t, f)
			wantHit(t, f.Dose(), true)
			if got := f.Dose().Measures["trigger_seen"]; got != 3 {
				t.Errorf("got %v seen, want 3", got)
			}
			if got, want := behind.String(), "[true true false]"; got != want {
				t.Errorf("whether the process lived when a line passed: got %s, want %s", got, want)
			}
			celltest.MustGet(t, toy.Public()+"/line?text=again")
		})
	}
}

func TestATriggerThatNeverComesIsNoHit(t *testing.T) {
	c := celltest.Start(t, nil)
	f := inject(t, c, fault.Spec{Do: "kill", Process: "shop", When: &fault.Trigger{Link: "shop -> store-db", Request: "x", Nth: 2}})
	celltest.MustGet(t, c.Public()+"/line?text=x")
	undo(t, f)
	wantHit(t, f.Dose(), false)
	if !strings.Contains(f.Dose().Why, "1 of 2") {
		t.Errorf("got why %q, want it to say that 1 of 2 was seen", f.Dose().Why)
	}
	celltest.MustGet(t, c.Public()+"/line?text=x") // it would be the second
	if closed(f.Done()) {
		t.Error("it struck after it was undone")
	}
}
