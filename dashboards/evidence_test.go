package dashboards

import (
	"fmt"
	"testing"
	"time"

	"stormglass/chaos/evidence/evidencetest"
	"stormglass/chaos/observe"
)

// window is what stands for the rates' range: four scrapes of the harness, which takes one every 500 ms.
const window = 2 * time.Second

// recording is what one scenario left.
type recording struct{ evidencetest.Recording }

func recordings(t *testing.T) (all []recording) {
	t.Helper()
	for _, r := range evidencetest.Recordings(t, "../scenarios", "dashboards: panels") {
		all = append(all, recording{r})
	}
	return all
}

// whole is how long the run took, as PromQL writes it.
func (r recording) whole() string { return fmt.Sprintf("%dms", r.To.Sub(r.From).Milliseconds()) }

// ask evaluates a query of a panel over the whole run.
func (r recording) ask(t *testing.T, expr string) observe.Matrix {
	t.Helper()
	answer, err := r.QueryRange(t.Context(), fill(expr, window.String(), r.whole()), r.From, r.To, time.Second)
	if err != nil {
		t.Fatalf("%s: %v", r.Name, err)
	}
	return answer
}
