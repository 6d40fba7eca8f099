package cell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	bootWithin = 30 * time.Second      // all processes of a cell
	probeEvery = 10 * time.Millisecond // between two questions whether a process is ready
	tailBytes  = 4 << 10               // of a log, in a message
	tailLines  = 12
)

// awaitReady asks GET /readyz until the answer is 200, the process ends, or ctx does.
func (p *Process) awaitReady(ctx context.Context) error {
	p.mu.Lock()
	over := p.over
	p.mu.Unlock()
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	last := errors.New("it has not been asked yet")
	for {
		select {
		case <-over:
			return p.failed("ended before it was ready (%s)", p.exitText())
		case <-ctx.Done():
			return p.failed("is not ready: %w: %w", context.Cause(ctx), last)
		case <-tick.C:
		}
		err := p.probe(ctx)
		if err != nil && ctx.Err() == nil {
			last = err
		}
		if err == nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.state == Starting {
				p.state = Ready
			}
			return nil
		}
	}
}

// probe asks once.
func (p *Process) probe(ctx context.Context) error {
	url := "http://" + p.plan.addrs[p.plan.unit.Ready] + "/readyz"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Close = true
	answer, err := p.cell.probes.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 300))
		return fmt.Errorf("GET %s: %s %s", url, answer.Status, strings.TrimSpace(string(text)))
	}
	return nil
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
