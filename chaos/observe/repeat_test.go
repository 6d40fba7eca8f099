package observe

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/value"
)

// script serves one page after the other, and the last one for ever.
func script(t *testing.T, contentType string, pages ...string) (url string, rounds *atomic.Int32) {
	t.Helper()
	rounds = new(atomic.Int32)
	server := textTarget(t, contentType, func(w http.ResponseWriter) {
		io.WriteString(w, pages[min(int(rounds.Add(1)), len(pages))-1])
	})
	return server.URL, rounds
}

const openMetricsType = "application/openmetrics-text; version=1.0.0"

// scrapes runs n scrapes of a target by hand and gives what the selector's raw samples were, stale ones as "stale".
func scrapes(t *testing.T, url, selector string, n int) string {
	t.Helper()
	m, err := createMetrics(metricsDir(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.close() })
	s := newScraper(Options{Targets: func() []Target { return nil }}, m.head, func(err error) { t.Error(err) })
	p := newPage(Target{"a", "b", url}, s)
	for range n {
		p.scrape(t.Context())
	}
	querier, err := m.querier(0, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	defer querier.Close()
	matchers, err := m.parser.ParseMetricSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	var samples []string
	for set := querier.Select(t.Context(), true, nil, matchers...); set.Next(); {
		one := []string{set.At().Labels().Get("__name__") + set.At().Labels().Get("le")}
		for it := set.At().Iterator(nil); it.Next() != 0; {
			if _, v := it.At(); value.IsStaleNaN(v) {
				one = append(one, "stale")
			} else {
				one = append(one, fmt.Sprint(v))
			}
		}
		samples = append(samples, strings.Join(one, " "))
	}
	return strings.Join(samples, "; ")
}

func TestALineThatStaysTheSameIsASampleOfEachScrape(t *testing.T) {
	url, _ := script(t, openMetricsType,
		"# TYPE x gauge\nx 1\n# TYPE y gauge\ny 7\n# EOF\n",
		"# TYPE x gauge\nx 2\n# TYPE y gauge\ny 7\n# EOF\n",
		"# TYPE x gauge\nx 1\n# TYPE y gauge\ny 7\n# EOF\n",
		"# TYPE x gauge\nx 1\n# TYPE y gauge\ny 8\n# EOF\n")
	if got, want := scrapes(t, url, `{__name__=~"x|y"}`, 4), "x 1 2 1 1; y 7 7 7 8"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestALineThatGoesAndComesBackIsStaleMeanwhile(t *testing.T) {
	url, _ := script(t, "text/plain", "x 1\ny 7\n", "x 1\ny 7\n", "x 1\n", "x 1\n", "x 1\ny 7\n", "x 1\ny 7\n")
	if got, want := scrapes(t, url, `{__name__=~"x|y"}`, 6), "x 1 1 1 1 1 1; y 7 7 stale 7 7"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAKnownLineOfAPageThatIsCutOffIsNoSample(t *testing.T) {
	whole := "# TYPE x gauge\nx 1\n# TYPE y gauge\ny 7\n# EOF\n"
	url, _ := script(t, openMetricsType, whole, "# TYPE x gauge\nx 1\n", whole, "# TYPE x gauge\nx 1", whole)
	if got, want := scrapes(t, url, `{__name__=~"x|y"}`, 5), "x 1 stale 1 stale 1; y 7 stale 7 stale 7"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestABucketKeepsItsSeriesWhenOnlyItsLineChanges(t *testing.T) {
	page := "# TYPE h histogram\nh_bucket{le=\"1\"} %d\nh_bucket{le=\"+Inf\"} 3\nh_sum 1\nh_count 3\n# EOF\n"
	url, _ := script(t, openMetricsType, fmt.Sprintf(page, 1), fmt.Sprintf(page, 2), fmt.Sprintf(page, 2))
	if got, want := scrapes(t, url, "h_bucket", 3), "h_bucket+Inf 3 3 3; h_bucket1.0 1 2 2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAnExemplarOfALineThatStaysIsKeptOnce(t *testing.T) {
	at := time.Now().Add(-time.Second)
	line := fmt.Sprintf("# TYPE x counter\nx_total 1 # {trace_id=\"abc\"} 1 %d.0\n# EOF\n", at.Unix())
	url, rounds := script(t, openMetricsType, line)
	obs := observe(t, t.TempDir(), Target{"a", "b", url})
	waitForAnswer(t, obs, "x_total", "__name__=x_total instance=a job=b 1")
	waitForAnswer(t, obs, "count_over_time(x_total[10s]) >= bool 5", "instance=a job=b 1")
	found, err := obs.Exemplars(t.Context(), "x_total", at.Add(-time.Minute), time.Now())
	if err != nil || len(found) != 1 {
		t.Errorf("after %d scrapes: got exemplars %v, %v, want one", rounds.Load(), found, err)
	}
}

func TestAValueIsReadAsTheParserReadsIt(t *testing.T) {
	for _, number := range []string{"0", "7", "123456789012345", "1234567890123456789", "1.5", "-3", "1e21", "5e-324", "+4", "NaN", "+Inf", "-Inf"} {
		page := "# TYPE x gauge\nx{a=\"b} c\"} %s\n# EOF\n"
		twice, _ := script(t, openMetricsType, fmt.Sprintf(page, "1.0"), fmt.Sprintf(page, number))
		once, _ := script(t, openMetricsType, fmt.Sprintf(page, number))
		got, want := strings.Fields(scrapes(t, twice, "x", 2)), strings.Fields(scrapes(t, once, "x", 1))
		if len(got) != 3 || len(want) != 2 || got[2] != want[1] {
			t.Errorf("%s: got %v, want %v at last", number, got, want)
		}
	}
}

func TestALineThatIsNoSampleBreaksThePageThoughItsSeriesIsKnown(t *testing.T) {
	for _, line := range []string{"x", "x ", "x 1x", "x 0x1p4", "x 1 #", "x 1 # {a=\"b\"", "x -", "x 1_0"} {
		good, bad := "# TYPE x gauge\nx 1\n# EOF\n", "# TYPE x gauge\n"+line+"\n# EOF\n"
		url, _ := script(t, openMetricsType, good, bad)
		if got, want := scrapes(t, url, "x", 2), "x 1 stale"; got != want {
			t.Errorf("%q: got %s, want %s", line, got, want)
		}
	}
}

func TestANewExemplarOfAKnownSeriesIsStored(t *testing.T) {
	at := time.Now().Add(-time.Minute).Unix()
	page := "# TYPE x counter\nx_total %d # {trace_id=\"t%d\"} 1 %d.0\n# EOF\n"
	url, rounds := script(t, openMetricsType, fmt.Sprintf(page, 1, 1, at), fmt.Sprintf(page, 2, 1, at), fmt.Sprintf(page, 3, 2, at+1), fmt.Sprintf(page, 4, 3, at+2))
	obs := observe(t, t.TempDir(), Target{"a", "b", url})
	waitForAnswer(t, obs, "x_total", "__name__=x_total instance=a job=b 4")
	found, err := obs.Exemplars(t.Context(), "x_total", time.Unix(at-60, 0), time.Now())
	if err != nil || len(found) != 3 {
		t.Errorf("after %d scrapes: got exemplars %v, %v, want three", rounds.Load(), found, err)
	}
}
