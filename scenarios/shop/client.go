package shop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"stormglass/chaos/load"
)

const (
	// answerWithin is how long a shopper waits for an answer before giving up on it.
	answerWithin = 5 * time.Second
	// largestAnswer bounds what is read of one, in bytes.
	largestAnswer = 4 << 20
)

// client speaks to the shop's public door.
type client struct {
	base      string
	transport *http.Transport
	answer    *http.Client // one question, one answer
	stream    *http.Client // answers that stay open as long as their context
}

// newClient makes a client. Where the shop has several doors, it goes in by each in turn.
func newClient(base string, doors ...string) *client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 256 // shoppers come in crowds
	c := &client{base: base, transport: transport}
	var way http.RoundTripper = transport
	if len(doors) > 1 {
		way = newBalancer(doors, transport)
	}
	c.answer = &http.Client{Transport: way, Timeout: answerWithin}
	c.stream = &http.Client{Transport: way}
	return c
}

// close lets go of idle connections.
func (c *client) close() { c.transport.CloseIdleConnections() }

// request is one question.
type request struct {
	method, path string
	token        string // of the customer who asks; empty for anybody
	key          string // idempotency key, of writes that have one
	body         any    // sent as JSON; nil for none
}

// refusal is an answer that says no.
type refusal struct {
	Status int    `json:"status"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
	// Resource is the path of what the request conflicts with, where the answer names it.
	Resource string `json:"resource"`

	After time.Duration `json:"-"` // what Retry-After said; 0: nothing
}

// turnedAway reports a refusal that says when to come back, or that there is too much to do.
func (r *refusal) turnedAway() bool {
	return r.Status == http.StatusTooManyRequests || r.Status == http.StatusServiceUnavailable && r.Reason != "commit_unknown"
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Reason, r.Detail) }

// maybeDone reports a refusal by which the shop itself does not know whether it did what it was asked.
func (r *refusal) maybeDone() bool {
	return r.Status == http.StatusGatewayTimeout || r.Reason == "commit_unknown"
}

// do asks, notes the answer's status in the operation, and reads the answer into a value. An answer other than 2xx is a
// *refusal, and leaves a write unknown where the shop itself does not know.
func (c *client) do(ctx context.Context, op *load.Operation, r request, into any) error {
	resp, err := c.send(ctx, c.answer, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	op.Status = resp.StatusCode
	if after := comesBack(resp); after > 0 { // also of an answer whose rest is lost
		op.Set("retry_after", after.String())
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode/100 != 2 {
		no := refused(resp, text)
		if r.method != http.MethodGet && no.maybeDone() {
			op.Outcome = load.Unknown
		}
		return no
	}
	if trace := resp.Header.Get("X-Trace-Id"); trace != "" {
		op.Set("trace_id", trace)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("decode answer: %w", err)
	}
	return nil
}

func (c *client) send(ctx context.Context, through *http.Client, r request) (*http.Response, error) {
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.GetBody = nil // or net/http would send a keyed request again by itself, and the history would not know
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	resp, err := through.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask shop: %w", err)
	}
	return resp, nil
}

// refused reads a problem; an answer that is none keeps its status alone.
func refused(resp *http.Response, text []byte) *refusal {
	r := &refusal{}
	if err := json.Unmarshal(text, r); err != nil {
		r.Detail = "the answer is not a problem document"
	}
	r.Status, r.After = resp.StatusCode, comesBack(resp)
	return r
}

// comesBack is what Retry-After says; 0 for nothing.
func comesBack(resp *http.Response) time.Duration {
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	return 0
}
