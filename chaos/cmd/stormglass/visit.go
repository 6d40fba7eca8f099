package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"stormglass/chaos/load"
	"stormglass/chaos/report"
)

type probeCommand struct {
	URL   string            `required:"" help:"The running system's public address." placeholder:"URL"`
	Books map[string]string `help:"Where the books of a company outside can be read." placeholder:"COMPANY=URL"`
}

// visitReport is the one JSON object that `stormglass probe` prints.
type visitReport struct {
	OrderConfirmedMS float64 `json:"order_confirmed_ms"` // from the order's request to its confirmation
	CompletedMS      float64 `json:"completed_ms"`       // from the first request to the order completed
	TraceID          string  `json:"trace_id"`
}

// Run takes the system's tour at a system that somebody else runs, and prints what it saw.
func (c probeCommand) Run(ctx context.Context, env environment) error {
	if env.registry.Tour == nil {
		return fmt.Errorf("find probe: nobody has registered one")
	}
	bounded, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	begin := time.Now()
	site := load.Site{Target: load.Target{BaseURL: c.URL, Seed: uint64(begin.UnixNano()), Visits: 1}, Audit: c.book, Books: c.book}
	seen, err := env.registry.Tour.Probe(bounded, site, func(format string, args ...any) { fmt.Fprintf(env.stderr, format+"\n", args...) })
	if ctx.Err() != nil {
		return interrupted(ctx)
	}
	if err != nil {
		return codeError{report.ExitBroken, fmt.Errorf("probe %s: %w", c.URL, err)}
	}
	encoder := json.NewEncoder(env.stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(visitReport{milliseconds(seen.Confirmed), milliseconds(seen.Completed.Sub(begin)), seen.TraceID})
}

// book reads the books of a unit where they were said to be.
func (c probeCommand) book(ctx context.Context, unit string) (json.RawMessage, error) {
	url := c.Books[unit]
	if url == "" {
		return nil, fmt.Errorf("read books of %s: say where they are: --books %s=URL", unit, unit)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("read books of %s: %w", unit, err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("read books of %s: %w", unit, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read books of %s: %s answered %d (%v)", unit, url, answer.StatusCode, err)
	}
	return text, nil
}
