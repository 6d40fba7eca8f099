package observe

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// BenchmarkScrape measures one scrape of a page as large as a service's (600 series, some exemplars): fetching,
// parsing, storing. A shop of 17 processes needs 68 of them each second.
func BenchmarkScrape(b *testing.B) {
	dir := b.TempDir()
	m, err := createMetrics(metricsDir(dir))
	if err != nil {
		b.Fatal(err)
	}
	defer m.close()
	pages := [...]string{examplePage(), examplePage(), examplePage(), examplePage()}
	var turn atomic.Uint32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
		io.WriteString(w, pages[turn.Add(1)%uint32(len(pages))])
	}))
	defer server.Close()
	s := newScraper(Options{Targets: func() []Target { return nil }}, m.head, func(err error) { b.Error(err) })
	defer s.client.CloseIdleConnections()
	p := newPage(Target{"order-1", "order", server.URL}, s)
	b.ReportAllocs()
	for b.Loop() {
		p.scrape(b.Context())
	}
	if problems := s.problems(); len(problems) > 0 {
		b.Error(problems)
	}
}

func examplePage() string {
	var page strings.Builder
	page.WriteString("# TYPE rpc_server_call_duration_seconds histogram\n")
	for method := range 40 {
		sum := 0
		for le := range 14 {
			sum += rand.IntN(3)
			fmt.Fprintf(&page, "rpc_server_call_duration_seconds_bucket{rpc_method=\"m%d\",client=\"order\",le=\"%d.0\"} %d", method, le, sum)
			if le == 3 {
				fmt.Fprintf(&page, " # {trace_id=\"%032x\"} 2.5 1.7e9", method)
			}
			page.WriteByte('\n')
		}
		fmt.Fprintf(&page, "rpc_server_call_duration_seconds_count{rpc_method=\"m%d\",client=\"order\"} %d\n", method, sum)
	}
	page.WriteString("# EOF\n")
	return page.String()
}
