package stack

import (
	"fmt"
	"os/exec"
	"slices"
	"testing"

	"stormglass/internal/nottested"
)

// here gives the layers whose images are all on this machine, and whether these are the stand-ins'. Where that is not even
// the shop's, or no Docker answers, or the stack runs already, it ends the test.
func here(t *testing.T) (layers []string, standIns bool) {
	t.Helper()
	d, err := FindDocker(t.Context())
	if err != nil {
		without(t, "the container stack: no Docker that answers, with compose and BuildKit")
	}
	if running, err := d.containers(t.Context()); err != nil || len(running) > 0 {
		without(t, fmt.Sprintf("the container stack: one runs already (%d containers, %v)", len(running), err))
	}
	all := func(names []string) bool {
		s := laid(t, names...)
		return !slices.ContainsFunc(s.Names(), func(name string) bool {
			_, err := d.output(t.Context(), "image", "inspect", s.Services[name].Image)
			return s.Services[name].Build == nil && err != nil
		})
	}
	switch {
	case all(Layers()):
		return Layers(), false
	case all(LayersOfStandIns()):
		note := nottested.Note("compose: not tested: the container stack's pinned images (stand-ins ran in their place), Grafana, Loki and the log collector")
		if note != nil {
			t.Fatal(note)
		}
		return LayersOfStandIns(), true
	}
	without(t, "the container stack: its images are not on this machine (compose/standins/build.sh makes stand-ins)")
	return nil, false
}

// without ends a test for want of what it needs: as a skip that is written down, or as a failure where REQUIRE_COMPOSE is 1.
func without(t *testing.T, what string) {
	t.Helper()
	nottested.Skip(t, "REQUIRE_COMPOSE", "compose: not tested: "+what)
}

// needs ends a test on a machine that lacks a program.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		without(t, "the databases' roles: there is no "+program)
	}
}
