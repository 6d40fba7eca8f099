package observe

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// record makes a short run with traffic, a target that dies, traces and exemplars. It returns the observer before its
// stop, and the moments of beginning and end.
func record(t *testing.T, dir string) (obs *Observer, from, to time.Time) {
	t.Helper()
	from = time.Now()
	order, stock := newService(t), newService(t)
	obs = observe(t, dir, Target{"order-1", "order", order.URL}, Target{"inventory-1", "inventory", stock.URL})
	id := checkout(t, openTelemetry(t, obs), legacyTracer(t, obs))
	waitForSpans(t, obs, id, 2)
	for n := range 20 {
		order.orders.Add(float64(n) / 7)
		stock.orders.Add(float64(n) / 3)
		order.seconds.(prometheus.ExemplarObserver).ObserveWithExemplar(float64(n)/15, prometheus.Labels{"trace_id": id})
		want := fmt.Sprintf("instance=order-1 %d", n+1)
		waitForAnswer(t, obs, `sum by (instance) (seconds_count{job="order"})`, want)
	}
	stock.Close()
	waitForAnswer(t, obs, "sum(up)", "1")
	to = time.Now()
	waitForAnswer(t, obs, fmt.Sprintf("count_over_time(up{job='order'}[10s] offset -10s @ %f) > bool 0", float64(to.UnixMilli())/1000), "instance=order-1 job=order 1")
	return obs, from, to
}

// questions are asked of a live run and of its folder.
func questions() []string {
	return []string{
		"up", "sum(orders_total)", "rate(orders_total[1s])", "sum(rate(orders_total[500ms:50ms]))", "avg(orders_total)",
		"histogram_quantile(0.9, sum by (le) (rate(seconds_bucket[2s])))", "absent(nothing)", "nothing", "scrape_duration_seconds",
		"count({__name__=~'.+'})", "stddev({__name__=~'.+'})",
	}
}

func TestTheFolderAnswersAsTheLiveRunDid(t *testing.T) {
	dir := t.TempDir()
	obs, from, to := record(t, dir)
	live := ask(t, obs, from, to)
	stop(t, obs)

	before := fingerprints(t, dir)
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	recorded := ask(t, r, from, to)
	if err := r.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	for question, want := range live {
		if got := recorded[question]; got != want {
			t.Errorf("%s: got %v from the folder, want %v as live", question, got, want)
		}
	}
	if after := fingerprints(t, dir); !maps.Equal(before, after) {
		t.Errorf("reading changed the folder: %v, was %v", after, before)
	}
}

// ask collects the answers to all questions as text, in which floats have all their digits and NaN equals NaN. Only the
// question about nothing may have an empty answer.
func ask(t *testing.T, source interface {
	Metrics
	Traces
}, from, to time.Time) map[string]string {
	t.Helper()
	answers := make(map[string]string)
	for _, q := range questions() {
		v, err := source.Query(t.Context(), q, to)
		if err != nil {
			t.Fatal(err)
		}
		m, err := source.QueryRange(t.Context(), q, from, to, 10*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if q != "nothing" && len(m) == 0 {
			t.Errorf("%s: got no answer", q)
		}
		answers[q], answers[q+" over time"] = fmt.Sprint(v), fmt.Sprint(m)
	}
	kept, err := source.Exemplars(t.Context(), "seconds_bucket", from, to)
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) < 3 { // one bucket's newest at least for each of the three buckets
		t.Errorf("got exemplars %v, want some of each bucket", kept)
	}
	answers["exemplars"] = fmt.Sprint(kept)
	for id, spans := range source.Traces() {
		answers[id] = fmt.Sprint(spans)
	}
	for _, e := range kept {
		if len(source.Trace(e.Labels["trace_id"])) != 2 {
			t.Errorf("got no trace for exemplar %v", e)
		}
	}
	return answers
}

// fingerprints maps each file below dir to a hash of its content.
func fingerprints(t *testing.T, dir string) map[string]string {
	t.Helper()
	prints := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			prints[path] = "folder"
			return err
		}
		content, err := os.ReadFile(path)
		prints[path] = fmt.Sprintf("%x", sha256.Sum256(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return prints
}

func TestABrokenTraceFileIsNamedWithThePlace(t *testing.T) {
	dir := t.TempDir()
	stop(t, observe(t, dir))
	if err := os.WriteFile(tracesFile(dir), []byte("{\"trace_id\":\"a\"}\n{\"trace_id\":"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir)
	if want := "open recording: read span 2 of " + tracesFile(dir) + ": unexpected EOF"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
