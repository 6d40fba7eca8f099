package telemetry

import (
	"bytes"
	"net/http"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// Page serves the metrics. To write numbers as text costs more than to gather them, and between two scrapes most metrics
// stay as they were; so the page keeps the text of each and writes only what has changed. What it serves is, to the byte,
// what promhttp would; a client that wants another format than OpenMetrics 1.0, or compression, is served by that.
func (t *Telemetry) Page() http.Handler {
	plain := promhttp.HandlerFor(t.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
	p := &page{gatherer: t.Registry, families: map[string]*familyText{}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		format := expfmt.NegotiateIncludingOpenMetrics(r.Header)
		if r.Header.Get("Accept-Encoding") != "" || !format1(format) {
			plain.ServeHTTP(w, r)
			return
		}
		text, err := p.write()
		if err != nil {
			plain.ServeHTTP(w, r) // it knows what to say of errors
			return
		}
		w.Header().Set("Content-Type", string(format))
		_, _ = w.Write(text) // a client that has left cannot be told
	})
}

// format1 says that a format is OpenMetrics 1.0.
func format1(f expfmt.Format) bool {
	return f.FormatType() == expfmt.TypeOpenMetrics && strings.Contains(string(f), "version="+expfmt.OpenMetricsVersion_1_0_0)
}

// page is the metrics page as it was served last.
type page struct {
	gatherer prometheus.Gatherer
	mu       sync.Mutex
	families map[string]*familyText // by name
	size     int                    // of the last page
}

// familyText is the text of one family: its comments, and its metrics in order.
type familyText struct {
	head    []byte
	metrics []*metricText
}

// write gathers the metrics and returns a page that belongs to the caller.
func (p *page) write() ([]byte, error) {
	families, err := p.gatherer.Gather()
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	out := bytes.NewBuffer(make([]byte, 0, p.size+p.size/8))
	for _, family := range families {
		kept := p.families[family.GetName()]
		if kept == nil {
			kept = &familyText{}
			p.families[family.GetName()] = kept
		}
		if err := kept.write(out, family); err != nil {
			delete(p.families, family.GetName())
			return nil, err
		}
	}
	_, err = expfmt.FinalizeOpenMetrics(out)
	p.size = out.Len()
	return out.Bytes(), err
}

// write appends a family to a page, and keeps its text for the next one.
func (f *familyText) write(out *bytes.Buffer, family *dto.MetricFamily) (err error) {
	if f.head == nil {
		if f.head, err = comments(family); err != nil {
			return err
		}
	}
	out.Write(f.head)
	old := f.metrics
	f.metrics = make([]*metricText, 0, len(family.Metric))
	for _, m := range family.Metric {
		for len(old) > 1 && !sameLabels(old[0].metric, m) && sameLabels(old[1].metric, m) { // it is gone
			old = old[1:]
		}
		var text *metricText
		switch {
		case len(old) == 0 || !sameLabels(old[0].metric, m):
			text, err = newMetricText(family, m)
		case sameValue(old[0].metric, m):
			text, old = old[0], old[1:]
		default:
			text, old = old[0], old[1:]
			err = text.renew(family, m)
		}
		if err != nil {
			return err
		}
		out.Write(text.text)
		f.metrics = append(f.metrics, text)
	}
	return nil
}

// comments are the lines before a family's metrics.
func comments(family *dto.MetricFamily) ([]byte, error) {
	var text bytes.Buffer
	_, err := expfmt.MetricFamilyToOpenMetrics(&text, &dto.MetricFamily{Name: family.Name, Help: family.Help, Type: family.Type, Unit: family.Unit})
	return text.Bytes(), err
}
