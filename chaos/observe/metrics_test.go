package observe

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// TestALongRunIsReplayedExactly spans many chunks per series, part of which the replay moves out of memory.
func TestALongRunIsReplayedExactly(t *testing.T) {
	dir := t.TempDir()
	m, err := createMetrics(dir)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	begin := time.UnixMilli(1_700_000_000_000)
	const rounds = 2000
	for round := range rounds {
		app := m.head.AppenderV2(t.Context())
		for n := range 7 {
			s := series{labels: labels.FromStrings("__name__", "x", "n", fmt.Sprint(n))}
			if err := s.append(app, begin.Add(time.Duration(round)*250*time.Millisecond).UnixMilli(), random.ExpFloat64(), nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := app.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(m *metrics) string {
		v, err := m.QueryRange(t.Context(), "sum(x) or avg(rate(x[2s])) or count_over_time(x[1h])", begin, begin.Add(rounds*250*time.Millisecond), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(v)
	}
	live := ask(m)
	if err := m.close(); err != nil {
		t.Fatal(err)
	}
	recorded, err := openMetrics(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer recorded.close()
	if got := ask(recorded); got != live {
		t.Errorf("got %d bytes of answer that differ from the live %d", len(got), len(live))
	}
	count, err := recorded.Query(t.Context(), "sum(count_over_time(x[1h]))", begin.Add(time.Hour/2))
	if got, want := show(count), fmt.Sprint(7*rounds); err != nil || got != want {
		t.Errorf("got %s samples, %v, want %s", got, err, want)
	}
}

func TestARecordingIsTheLogAlone(t *testing.T) {
	dir := t.TempDir()
	stop(t, observe(t, dir))
	for path, want := range map[string][]string{dir: {"metrics", "traces.jsonl"}, metricsDir(dir): {"wal"}} {
		entries, err := os.ReadDir(path)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}
