package dashboards

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
)

// window is what stands for the rates' range: four scrapes of the harness, which takes one every 500 ms.
const window = 2 * time.Second

// recording is what one scenario left.
type recording struct {
	name     string
	from, to time.Time
	*observe.Recorded
}

// whole is how long the run took, as PromQL writes it.
func (r recording) whole() string { return fmt.Sprintf("%dms", r.to.Sub(r.from).Milliseconds()) }

// ask evaluates a query of a panel over the whole run.
func (r recording) ask(t *testing.T, expr string) observe.Matrix {
	t.Helper()
	answer, err := r.QueryRange(t.Context(), fill(expr, window.String(), r.whole()), r.from, r.to, time.Second)
	if err != nil {
		t.Fatalf("%s: %v", r.name, err)
	}
	return answer
}

// recordings opens what the chaos scenarios left in the folder that EVIDENCE names, see `make evidence-test`. Where it names
// none the test cannot be made: it is skipped, and the file that NOT_TESTED names says so.
func recordings(t *testing.T) []recording {
	t.Helper()
	dir := os.Getenv("EVIDENCE")
	if dir == "" {
		without(t, "dashboards: panels on recorded samples: run `make chaos-test`, then `make evidence-test`")
	}
	scenarios, err := filepath.Glob(filepath.Join("..", "scenarios", "*.yaml"))
	if err != nil || len(scenarios) == 0 {
		t.Fatalf("scenarios: got %v, %v", scenarios, err)
	}
	var all []recording
	for _, file := range scenarios {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		r, err := open(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%s holds no recording of %s; run `make chaos-test`", dir, name)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
		all = append(all, r)
	}
	return all
}

func open(dir string) (recording, error) {
	folder, err := evidence.Open(dir)
	if err != nil {
		return recording{}, err
	}
	recorded, err := observe.Open(dir)
	if err != nil {
		return recording{}, err
	}
	phases := folder.Run.Phases
	return recording{folder.Run.Name, phases[0].Start, phases[len(phases)-1].End, recorded}, nil
}

// without skips a test that lacks what it needs, and notes that.
func without(t *testing.T, missing string) {
	t.Helper()
	if path := os.Getenv("NOT_TESTED"); path != "" {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatalf("note what is not tested: %v", err)
		}
		_, err = fmt.Fprintln(f, missing)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatalf("note what is not tested: %v", err)
		}
	}
	t.Skip(missing)
}
