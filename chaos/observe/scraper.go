package observe

import (
	"context"
	"hash/fnv"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/prometheus/storage"
)

const (
	// defaultScrapeEvery shows what lasts a second, and costs a few percent of a core for a whole shop.
	defaultScrapeEvery = 500 * time.Millisecond
	// scrapeTimeout is longer than the time between two scrapes on purpose: on a busy machine an answer that comes late
	// is still an answer, and a target that is really away is told apart soon enough. Prometheus' own scrape manager
	// refuses a time-out beyond the interval, and asks DNS for the machine's name when it starts.
	scrapeTimeout = time.Second
	// settle keeps the first scrape of a target that moved apart from the last words on its old place.
	settle = 5 * time.Millisecond
)

// scraper keeps one loop per target for as long as the target is named.
type scraper struct {
	every   time.Duration
	targets func() []Target
	store   storage.AppendableV2
	client  *http.Client
	// fail takes errors of the storage itself. What goes wrong at a target becomes up = 0 instead.
	fail func(error)
	late func(time.Duration) // told by how much each scrape begins late

	mu   sync.Mutex
	down map[string]error // why the last scrape failed, by instance
}

func newScraper(o Options, store storage.AppendableV2, fail func(error)) *scraper {
	return &scraper{
		every:   o.ScrapeEvery,
		targets: o.Targets,
		store:   store,
		fail:    fail,
		late:    o.Late,
		down:    make(map[string]error),
		client: &http.Client{Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: scrapeTimeout}).DialContext,
			MaxIdleConnsPerHost: 1,
			DisableCompression:  true, // on loopback it only costs, and on both sides
		}},
	}
}

// run asks for the targets before each round, starts the loops of new ones and ends those of targets that are gone,
// until ctx ends.
func (s *scraper) run(ctx context.Context) {
	loops := make(map[Target]func())
	defer s.client.CloseIdleConnections()
	defer func() { s.follow(ctx, loops, nil) }()

	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	for {
		s.follow(ctx, loops, s.targets())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// follow makes the running loops those of the wanted targets. Loops end before others begin, so that a target which
// moved to another URL never has two writers.
func (s *scraper) follow(ctx context.Context, loops map[Target]func(), wanted []Target) {
	keep := make(map[Target]bool, len(wanted))
	for _, t := range wanted {
		keep[t] = true
	}
	for t, stop := range loops {
		if !keep[t] {
			stop()
			delete(loops, t)
		}
	}
	for t := range keep {
		if loops[t] == nil {
			loops[t] = s.start(ctx, t)
		}
	}
}

// start begins a target's loop; the function that it returns ends the loop and waits for it.
func (s *scraper) start(ctx context.Context, t Target) (stop func()) {
	own, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		page := newPage(t, s)
		page.loop(own)
		if ctx.Err() == nil { // the target is gone, the recording goes on
			page.vanish()
			s.note(t, nil)
		}
	})
	return func() {
		cancel()
		done.Wait()
	}
}

// offset spreads the targets over the time between two scrapes, always in the same way.
func offset(t Target, every time.Duration) time.Duration {
	h := fnv.New64a()
	h.Write([]byte(t.Job + "/" + t.Instance))
	return settle + time.Duration(h.Sum64()%uint64(every))
}

// note remembers how the last scrape of a target went.
func (s *scraper) note(t Target, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.down[t.Instance] = err
	} else {
		delete(s.down, t.Instance)
	}
}

// problems returns why the targets that are down are down, by instance.
func (s *scraper) problems() map[string]error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.down)
}
