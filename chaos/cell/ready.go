package cell

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	bootWithin    = 2 * time.Minute       // all processes of a cell; real servers take their time where many share a core
	probeSoonest  = 10 * time.Millisecond // between two questions whether a process is ready
	probeLatest   = 100 * time.Millisecond
	probeShare    = 10       // the wait between two questions is at most this part of the time so far
	longestReport = 64 << 10 // bytes of an answer of /readyz that are read
	tailBytes     = 4 << 10  // of a log, in a message
	tailLines     = 12
)

// awaitReady asks GET /readyz until the answer is 200, the process ends, or ctx does.
func (p *Process) awaitReady(ctx context.Context) error {
	err := p.await(ctx, func(condition) error { return nil })
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == Starting {
		p.state = Ready
	}
	return nil
}

// awaitWhole waits until the process also does without nothing: until then its first caller could meet a neighbour that
// is not connected yet. A cell that has just come up has no excuse for that; a process that comes back under a fault has.
func (p *Process) awaitWhole(ctx context.Context) error {
	return p.await(ctx, func(c condition) error {
		if len(c.Degraded) > 0 {
			return fmt.Errorf("it is ready, but degraded: %v", c.Degraded)
		}
		return nil
	})
}

// await asks until the process is ready and enough likes what it says of itself. Many processes start at once, and each question
// costs them and us time that they need to start; so the longer it takes, the less often we ask, and are late by a tenth at most.
func (p *Process) await(ctx context.Context, enough func(condition) error) error {
	p.mu.Lock()
	over := p.over
	p.mu.Unlock()
	began, next := time.Now(), time.NewTimer(probeSoonest)
	defer next.Stop()
	last := errors.New("it has not been asked yet")
	for {
		select {
		case <-over:
			return p.failed("ended before it was ready (%s)", p.exitText())
		case <-ctx.Done():
			return p.failed("is not ready: %w: %w", context.Cause(ctx), last)
		case <-next.C:
		}
		next.Reset(min(max(time.Since(began)/probeShare, probeSoonest), probeLatest))
		said, err := p.probe(ctx)
		if err == nil {
			err = enough(said)
		}
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
	}
}

// condition is what a process may say of itself at /readyz, as a JSON object; other text says nothing more than ready.
type condition struct {
	// Degraded names what it does without for now, with the reason.
	Degraded map[string]string `json:"degraded"`
}

// probe asks once.
func (p *Process) probe(ctx context.Context) (said condition, err error) {
	url := "http://" + p.plan.addrs[p.plan.unit.Ready] + "/readyz"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return said, err
	}
	req.Close = true
	answer, err := p.cell.probes.Do(req)
	if err != nil {
		return said, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, longestReport))
	if err != nil {
		return said, fmt.Errorf("GET %s: %w", url, err)
	}
	if answer.StatusCode != http.StatusOK {
		return said, fmt.Errorf("GET %s: %s %.300s", url, answer.Status, strings.TrimSpace(string(text)))
	}
	if json.Unmarshal(text, &said) != nil {
		return condition{}, nil
	}
	return said, nil
}

func (p *Process) exitText() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exit
}

// failed is an error of this process with the end of its log.
func (p *Process) failed(format string, args ...any) error {
	text := "its log is empty"
	if tail := logTail(p.log()); tail != "" {
		text = "the end of its log:\n" + tail
	}
	return fmt.Errorf("%s %w; %s", p.Name(), fmt.Errorf(format, args...), text)
}

// logTail is the last few lines of a log.
func logTail(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > tailBytes {
		_, _ = f.Seek(-tailBytes, io.SeekEnd)
	}
	data, _ := io.ReadAll(f)
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
