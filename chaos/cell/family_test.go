package cell_test

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"stormglass/chaos/cell/celltest"
	"stormglass/internal/await"
)

// state is the first letter of a process's state, as ps shows it: T is halted.
func state(pid int) string {
	out, _ := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output() // none is an answer
	return strings.TrimSpace(string(out)) + " "
}

func TestWhatAProcessStartedInAGroupOfItsOwnSharesItsFate(t *testing.T) {
	c := celltest.Start(t, nil)
	p, err := c.Process("shop-1")
	if err != nil {
		t.Fatal(err)
	}
	stray, err := strconv.Atoi(celltest.MustGet(t, c.Public()+"/spawn?apart=yes"))
	if err != nil {
		t.Fatal(err)
	}
	becomes := func(what string, is func() bool) {
		t.Helper()
		await.NoError(t, func() error {
			if !is() {
				return fmt.Errorf("the process that it started is not %s but %q", what, state(stray))
			}
			return nil
		})
	}
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	becomes("halted", func() bool { return state(stray)[0] == 'T' })
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	becomes("awake", func() bool { return state(stray)[0] == 'S' })
	if err := errors.Join(p.Pause(), p.Kill()); err != nil { // a halted one could not notice that its parent is gone
		t.Fatal(err)
	}
	becomes("gone", func() bool { return !celltest.Lives(stray) })
}
