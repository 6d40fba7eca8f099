package shop

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// reconnectAfter is the pause before a stream of events that broke is opened again.
const reconnectAfter = 250 * time.Millisecond

// orderState is one event of an order's stream.
type orderState struct {
	State  string `json:"state"`
	Reason string `json:"reason"`
}

func (s orderState) final() bool { return s.State == shipped || s.State == cancelled }

// follow tells each state of an order until the last one. A stream that breaks is opened again, as browsers do; only the
// end of ctx and an answer that will not change are errors.
func (c *client) follow(ctx context.Context, token, id string, saw func(orderState)) error {
	for {
		final, err := c.watch(ctx, token, id, saw)
		if final {
			return nil
		}
		if no, ok := errors.AsType[*refusal](err); ok && no.Status < 500 && no.Status != http.StatusTooManyRequests {
			return fmt.Errorf("follow order %s: %w", id, err)
		}
		select {
		case <-time.After(reconnectAfter):
		case <-ctx.Done():
			return fmt.Errorf("follow order %s: %w", id, ctx.Err())
		}
	}
}

// watch reads one stream to its end and says whether the last state in it was final.
func (c *client) watch(ctx context.Context, token, id string, saw func(orderState)) (final bool, err error) {
	resp, err := c.send(ctx, c.stream, request{method: http.MethodGet, path: "/v1/orders/" + id + "/events", token: token})
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer))
		if err != nil {
			return false, fmt.Errorf("read answer: %w", err)
		}
		return false, refused(resp, text)
	}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue // names, heartbeats and the empty lines between events
		}
		var state orderState
		if err := json.Unmarshal([]byte(data), &state); err != nil {
			return false, fmt.Errorf("decode event: %w", err)
		}
		saw(state)
		if state.final() {
			return true, nil
		}
	}
	return false, lines.Err()
}
