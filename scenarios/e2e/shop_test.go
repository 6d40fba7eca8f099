package e2e

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/fault"
	"stormglass/chaos/observe"
	"stormglass/chaos/system"
)

// shop is a running copy of it, with somebody who takes its traces.
type shop struct {
	*cell.Cell
	t    testing.TB
	dir  string // the cell's folder; `go test -artifacts` keeps it
	seen *observe.Observer
	web  *http.Client
}

// open starts a shop for one test; change may ask for other settings or more instances.
func open(t testing.TB, change func(*cell.Options)) *shop {
	t.Helper()
	return openIn(t, system.Embedded, change)
}

// openIn starts a shop in one of its tiers.
func openIn(t testing.TB, tier string, change func(*cell.Options)) *shop {
	t.Helper()
	keepResultsFresh(t)
	sys, err := system.Load(filepath.Join(root, "system", "shop.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if sys, err = sys.In(tier); err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, dir: t.ArtifactDir(), web: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	if s.seen, err = observe.Start(t.Context(), observe.Options{Dir: s.dir}); err != nil {
		t.Fatal(err)
	}
	o := cell.Options{
		Name: t.Name(), Dir: s.dir, Keep: true, Bin: programs, OTLP: s.seen.OTLP(), Jaeger: s.seen.Jaeger(),
		Guard: []string{filepath.Join(programs, "stormglass"), "guard"}, Env: map[string]map[string]string{},
	}
	if change != nil {
		change(&o)
	}
	s.Cell, err = cell.Start(t.Context(), sys, o)
	if err != nil {
		_ = s.seen.Stop(context.Background())
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	for _, in := range s.services() {
		s.becomes(in.Name, "well", well) // ready is not yet connected to everybody
	}
	return s
}

// close ends the shop, so that all it had to tell is on disk. No process may have ended by itself until then.
func (s *shop) close() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	select {
	case d := <-s.Deaths():
		s.t.Errorf("a process died: %v", d)
	default:
	}
	if err := errors.Join(s.Stop(ctx), s.seen.Stop(ctx)); err != nil {
		s.t.Errorf("close shop: %v", err)
	}
	s.web.CloseIdleConnections()
}

// keepResultsFresh reads the folders of the sources from which TestMain built. The go command notes what a test reads,
// and would otherwise take a result from before a change of the shop for a result of today.
func keepResultsFresh(t testing.TB) {
	t.Helper()
	for _, tree := range []string{"system", "chaos"} {
		err := filepath.WalkDir(filepath.Join(root, tree), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// with overrides one setting of one unit.
func with(unit, name, value string) func(*cell.Options) {
	return func(o *cell.Options) {
		if o.Env[unit] == nil {
			o.Env[unit] = map[string]string{}
		}
		o.Env[unit][name] = value
	}
}

// all makes several changes.
func all(changes ...func(*cell.Options)) func(*cell.Options) {
	return func(o *cell.Options) {
		for _, change := range changes {
			change(o)
		}
	}
}

// strike injects a fault and gives the way to undo it, which the end of the test takes too.
func (s *shop) strike(spec fault.Spec) (mend func()) {
	s.t.Helper()
	f, err := fault.New(spec, s.Cell, 1)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := f.Inject(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	mend = func() {
		if err := f.Undo(context.Background()); err != nil {
			s.t.Errorf("mend %s: %v", spec.Link, err)
		}
	}
	s.t.Cleanup(mend)
	return mend
}

// process finds one instance's process.
func (s *shop) process(instance string) *cell.Process {
	s.t.Helper()
	p, err := s.Process(instance)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// instance gives what is known of one instance.
func (s *shop) instance(name string) cell.Instance {
	s.t.Helper()
	for _, in := range s.Instances() {
		if in.Name == name {
			return in
		}
	}
	s.t.Fatalf("there is no instance %s", name)
	return cell.Instance{}
}

// services are the instances of the shop itself.
func (s *shop) services() []cell.Instance {
	var list []cell.Instance
	for _, in := range s.Instances() {
		if in.Kind == system.Service {
			list = append(list, in)
		}
	}
	return list
}

// unitOf is the unit of an instance: "order-2" is one of order.
func unitOf(instance string) string { return instance[:strings.LastIndexByte(instance, '-')] }
