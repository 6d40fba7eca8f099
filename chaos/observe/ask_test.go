package observe

import (
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"stormglass/internal/await"
)

// asked lets an observer be asked over HTTP until the end of the test.
func asked(t *testing.T, a Answers) Remote {
	t.Helper()
	server := httptest.NewServer(Handler(a))
	t.Cleanup(func() { server.Close(); http.DefaultClient.CloseIdleConnections() })
	return Remote{BaseURL: server.URL}
}

func TestWhoAsksFromElsewhereGetsTheSameAnswers(t *testing.T) {
	s := newService(t)
	obs := observe(t, t.TempDir(), Target{Instance: "order-1", Job: "order", URL: s.URL})
	s.orders.Add(3)
	waitForAnswer(t, obs, "orders_total", `__name__=orders_total instance=order-1 job=order 3`)
	remote, at := asked(t, obs), time.Now()
	obs.add(Span{TraceID: "t1", SpanID: "1", Name: "buy", Service: "shop", Start: at, End: at.Add(time.Second)},
		Span{TraceID: "t1", SpanID: "2", ParentID: "1", Name: "pay", Service: "bank", Start: at, End: at.Add(2 * time.Second)},
		Span{TraceID: "t2", SpanID: "3", Name: "look", Service: "shop", Start: at, End: at.Add(time.Millisecond)})

	for _, promql := range []string{"orders_total", "sum(nothing)", "orders_total / 0", "orders_total - orders_total + 0 / 0"} {
		want, err := obs.Query(t.Context(), promql, at)
		if err != nil {
			t.Fatal(err)
		}
		got, err := remote.Query(t.Context(), promql, at)
		if err != nil || show(got) != show(want) {
			t.Errorf("%s: got %q, %v, want %q", promql, show(got), err, show(want))
		}
	}
	if v, err := remote.Query(t.Context(), "vector(1) / 0", at); err != nil || !math.IsInf(v[0].Value, 1) {
		t.Errorf("got %v, %v, want infinity", v, err)
	}
	if _, err := remote.Query(t.Context(), "sum(", at); err == nil || !strings.Contains(err.Error(), "parse error") {
		t.Errorf("got %v, want a parse error", err)
	}
	spans, err := remote.Trace(t.Context(), "t1")
	if err != nil || len(spans) != 2 || spans[0].Name != "buy" {
		t.Errorf("got %v, %v, want buy and pay", spans, err)
	}
	list, all, err := remote.Slowest(t.Context(), 1)
	want := []Summary{{ID: "t1", Name: "shop: buy", Took: 2 * time.Second, Spans: 2, Services: 2}}
	if err != nil || all != 2 || !reflect.DeepEqual(list, want) {
		t.Errorf("got %+v of %d, %v, want %+v of 2", list, all, err, want)
	}
}

func TestAnObserverWithALimitForgetsAndRecordsNothing(t *testing.T) {
	s, dir := newService(t), t.TempDir()
	obs := start(t, Options{Dir: dir, Keep: 300 * time.Millisecond, Targets: func() []Target { return []Target{{Instance: "order-1", Job: "order", URL: s.URL}} }})
	waitForAnswer(t, obs, "count(up)", "1")
	begin := time.Now()
	obs.add(Span{TraceID: "old", SpanID: "1", Start: begin, End: begin})
	obs.add(Span{TraceID: "long", SpanID: "2", Start: begin, End: begin}, Span{TraceID: "long", SpanID: "3", Start: begin, End: begin.Add(time.Hour)})
	await.NoError(t, func() error {
		switch {
		case len(obs.Trace("old")) > 0:
			return errStill("the old trace")
		case obs.head.MinTime() <= begin.UnixMilli():
			return errStill("the old samples")
		}
		return nil
	})
	if got := len(obs.Trace("long")); got != 2 {
		t.Errorf("got %d spans of a trace that has not ended, want 2", got)
	}
	waitForAnswer(t, obs, "count(up)", "1") // what is new is there
	stop(t, obs)
	for _, path := range []string{tracesFile(dir), filepath.Join(metricsDir(dir), "*", "*")} {
		if found, err := filepath.Glob(path); err != nil || len(found) > 0 {
			t.Errorf("got %v, %v, want no recording", found, err)
		}
	}
}

// errStill is what is there although it should be gone.
type errStill string

func (e errStill) Error() string { return string(e) + " is still there" }
