package observe

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

const (
	// accepts prefers OpenMetrics, because only it carries exemplars.
	accepts = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
	// maxPage bounds what one target may answer, in bytes.
	maxPage = 32 << 20
)

// page is one target's metrics page and the series that were on it the last time.
type page struct {
	target  Target
	scraper *scraper
	body    bytes.Buffer
	last    int64              // moment of the newest samples, in milliseconds of Unix time
	round   int                // counts scrapes
	series  map[string]*series // by their text on the page, so that labels are parsed once
	own     map[string]*series // what we say of the target, by name

	comments map[string]bool // that the parser has read
	rest     bytes.Buffer    // lines of p.body that the parser is needed for
	samples  [][]byte        // those of them that carry samples
	parsed   []*series       // what the parser made of these
	fresh    [][]byte        // comments of p.rest that are new
	kind     []byte          // a comment with the type of the family that we are at; nil when p.rest has it
}

func newPage(t Target, s *scraper) *page {
	return &page{target: t, scraper: s, series: make(map[string]*series), comments: make(map[string]bool), own: make(map[string]*series)}
}

// loop scrapes until ctx ends. A scrape that takes longer than its turn makes the next one late, never parallel.
func (p *page) loop(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(offset(p.target, p.scraper.every)):
	}
	ticker := time.NewTicker(p.scraper.every)
	defer ticker.Stop()
	for {
		p.scrape(ctx)
		ended := time.Now()
		select {
		case <-ctx.Done():
			return
		case due := <-ticker.C:
			if ended.Before(due) { // a target that takes its time makes us late, and that is not our lateness
				p.scraper.late(time.Since(due))
			}
		}
	}
}

// scrape fetches the page and stores it in one transaction, at the moment when the scrape began. When that fails,
// every series of the page goes stale; `up` says how it went in either case.
func (p *page) scrape(ctx context.Context) {
	start := time.Now()
	contentType, err := p.fetch(ctx)
	if ctx.Err() != nil {
		return // cut short by us: says nothing about the target
	}
	took := time.Since(start)

	at := p.moment(start)
	p.round++
	app := p.scraper.store.AppenderV2(ctx)
	samples := 0
	if err == nil {
		samples, err = p.store(app, at, contentType)
	}
	if err != nil {
		p.check(app.Rollback())
		p.round++ // forget what was seen of a page that broke in the middle
		app = p.scraper.store.AppenderV2(ctx)
	}
	p.expire(app, at)
	p.report(app, at, err == nil, took, samples)
	p.check(app.Commit())
	p.scraper.note(p.target, err)
}

// moment is when samples of a scrape count: when it began, but always later than what the page had before.
func (p *page) moment(start time.Time) int64 {
	p.last = max(start.UnixMilli(), p.last+1)
	return p.last
}

// fetch reads the page into p.body and returns its content type.
func (p *page) fetch(ctx context.Context) (contentType string, err error) {
	ctx, cancel := context.WithTimeout(ctx, scrapeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.target.URL, nil)
	if err != nil {
		return "", fmt.Errorf("build request: %w", err)
	}
	req.Header.Set("Accept", accepts)
	resp, err := p.scraper.client.Do(req)
	if err != nil {
		return "", fmt.Errorf("fetch page: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("fetch page: status %s", resp.Status)
	}
	p.body.Reset()
	n, err := p.body.ReadFrom(io.LimitReader(resp.Body, maxPage))
	if err != nil {
		return "", fmt.Errorf("read page: %w", err)
	}
	if n == maxPage {
		return "", fmt.Errorf("read page: longer than %d bytes", maxPage)
	}
	return resp.Header.Get("Content-Type"), nil
}

// vanish marks all that was on the page, and what we say of the target, as stale.
func (p *page) vanish() {
	p.round++
	at := p.moment(time.Now())
	app := p.scraper.store.AppenderV2(context.Background())
	p.expire(app, at)
	for _, name := range []string{"up", "scrape_duration_seconds", "scrape_samples_scraped"} {
		p.say(app, at, name, math.Float64frombits(value.StaleNaN))
	}
	p.check(app.Commit())
}

// report stores what Prometheus stores of each scrape.
func (p *page) report(app storage.AppenderV2, at int64, up bool, took time.Duration, samples int) {
	healthy := 0.0
	if up {
		healthy = 1
	}
	p.say(app, at, "up", healthy)
	p.say(app, at, "scrape_duration_seconds", took.Seconds())
	p.say(app, at, "scrape_samples_scraped", float64(samples))
}

func (p *page) say(app storage.AppenderV2, at int64, name string, v float64) {
	s := p.own[name]
	if s == nil {
		s = &series{labels: p.label(labels.FromStrings(model.MetricNameLabel, name))}
		p.own[name] = s
	}
	p.check(s.append(app, at, v, nil))
}

func (p *page) check(err error) {
	if err != nil {
		p.scraper.fail(fmt.Errorf("store metrics of %s: %w", p.target.Instance, err))
	}
}
