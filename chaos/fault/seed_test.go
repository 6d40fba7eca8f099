package fault_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/cell/celltest"
	"stormglass/chaos/fault"
)

// chancy are faults by their kinds, each of which acts on the bytes of a link; by chance are those that draw.
func chancy() map[string]struct {
	spec   fault.Spec
	chance bool
} {
	return map[string]struct {
		spec   fault.Spec
		chance bool
	}{
		"delay":     {fault.Spec{Latency: 50 * time.Millisecond, Jitter: 40 * time.Millisecond}, true},
		"throttle":  {fault.Spec{Rate: 5000}, false},
		"stall":     {fault.Spec{}, false},
		"blackhole": {fault.Spec{}, false},
		"slice":     {fault.Spec{Size: 7, Latency: 3 * time.Millisecond}, false},
		"reset":     {fault.Spec{}, false},
	}
}

// injected is what a fault does to the same chunks in a run with a seed: when which bytes go on.
func injected(t *testing.T, c *cell.Cell, spec fault.Spec, seed, streamSeed uint64) (sequence []string) {
	synctest.Test(t, func(t *testing.T) {
		f, err := fault.New(spec, c, seed)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Inject(t.Context()); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		time.AfterFunc(time.Second, func() { // what is held for as long as the fault lasts is let go
			if err := f.Undo(t.Context()); err != nil {
				t.Error(err)
			}
		})
		pass := f.(cell.Effect).Join(&cell.Stream{Proxy: "a-1 -> b-1", Conn: 1, Direction: cell.Request, Seed: streamSeed})
		for i := range 20 {
			pass(cell.Chunk{Data: make([]byte, 5+3*i), At: time.Now()}, func(c cell.Chunk) {
				sequence = append(sequence, fmt.Sprintf("%d bytes at %s", len(c.Data), time.Since(begin)))
			})
			time.Sleep(time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
	})
	return sequence
}

func TestTwoRunsWithOneSeedInjectTheSame(t *testing.T) {
	c := celltest.Start(t, func(o *cell.Options) { o.Abrupt = []string{dbLink} })
	known := chancy()
	for _, kind := range fault.Kinds() {
		if kind.On != "link" || kind.Name == "refuse" { // which acts on the port, and draws nothing
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			one, ok := known[kind.Name]
			if !ok {
				t.Fatal("nobody has said what it draws: add it to chancy")
			}
			one.spec.Do, one.spec.Link, one.spec.For = kind.Name, dbLink, time.Minute
			first := injected(t, c, one.spec, 7, 3)
			if again := injected(t, c, one.spec, 7, 3); !slices.Equal(first, again) {
				t.Errorf("two runs with one seed differ:\n%v\n%v", first, again)
			}
			for name, other := range map[string][]string{"seed": injected(t, c, one.spec, 8, 3), "stream": injected(t, c, one.spec, 7, 4)} {
				if differs := !slices.Equal(first, other); differs != one.chance {
					t.Errorf("another %s: differs is %v, want %v\n%v\n%v", name, differs, one.chance, first, other)
				}
			}
		})
	}
}
