// Package evidencetest opens for tests what the chaos scenarios left.
package evidencetest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
	"stormglass/chaos/system"
	"stormglass/internal/nottested"
)

// Recording is what was observed in one scenario.
type Recording struct {
	*observe.Recorded
	Name     string
	From, To time.Time // from the first phase's start to the last one's end
}

// Recordings opens what every scenario of a folder left in the one that EVIDENCE names, see `make evidence-test`; a scenario
// without a recording fails the test. Where EVIDENCE is not set the test is skipped: nobody has asked what it would.
func Recordings(t *testing.T, scenarios, who string) []Recording {
	t.Helper()
	dir := os.Getenv("EVIDENCE")
	if dir == "" {
		nottested.Skip(t, "", who+" on recorded samples: run `make chaos-test`, then `make evidence-test`")
	}
	files, err := system.YAMLFiles(scenarios)
	if err != nil {
		t.Fatalf("find scenarios: %v", err)
	}
	var all []Recording
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		r, err := open(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%s holds no recording of %s, which `make chaos-test` makes", dir, name)
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

func open(dir string) (Recording, error) {
	folder, err := evidence.Open(dir)
	if err != nil {
		return Recording{}, err
	}
	recorded, err := observe.Open(dir)
	if err != nil {
		return Recording{}, err
	}
	phases := folder.Run.Phases
	return Recording{recorded, folder.Run.Name, phases[0].Start, phases[len(phases)-1].End}, nil
}
