package cell_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"stormglass/chaos/cell/celltest"
)

func TestProcessesOfACellHaveItsTimerSlack(t *testing.T) {
	c := celltest.Start(t, nil)
	for _, i := range c.Instances() {
		got, err := os.ReadFile(fmt.Sprintf("/proc/%d/timerslack_ns", i.Pid))
		if err != nil {
			t.Fatal(err)
		}
		if want := "1000000"; strings.TrimSpace(string(got)) != want {
			t.Errorf("%s: got a timer slack of %s ns, want %s", i.Name, strings.TrimSpace(string(got)), want)
		}
	}
}
