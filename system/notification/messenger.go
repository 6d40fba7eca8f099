package notification

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
)

// messenger hands text and push messages to a company by HTTP: POST /v1/sms and /v1/push with the message as JSON. The
// company knows messages by their ids, so that handing one over again does no harm.
type messenger struct {
	client *http.Client
	url    string
	// kind is "sms" or "push".
	kind string
}

// Send implements Sender.
func (m messenger) Send(ctx context.Context, l Letter) error {
	body, err := json.Marshal(struct {
		ID    string `json:"id"`
		To    string `json:"to"`
		Title string `json:"title,omitempty"`
		Body  string `json:"body"`
	}{l.ID, l.To, l.Title, l.Body})
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	ctx = resilience.WithOperation(ctx, "send "+m.kind)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url+"/v1/"+m.kind, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", l.ID)
	resp, err := m.client.Do(req)
	if err != nil {
		err = fmt.Errorf("send %s: %w", m.kind, err)
		if resilience.Refused(err) { // nothing was sent
			return err
		}
		return unanswered{err}
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // it is in memory already
	return verdict(resp.StatusCode)
}

// verdict is what the company's answer means for the message. A conflict means that it has a message of this id: one
// that went out before the customer's name or number changed.
func verdict(status int) error {
	word := "http_" + strconv.Itoa(status)
	switch {
	case status < 300, status == http.StatusConflict:
		return nil
	case status == http.StatusTooManyRequests, status >= 500:
		return problem.New(problem.Unavailable, word, "the messenger does not work just now (%d)", status)
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound:
		return problem.New(problem.Unavailable, word, "the messenger refuses to work for us (%d): check MESSENGER_URL", status)
	}
	return problem.New(problem.Invalid, word, "the messenger refuses the message for good (%d)", status)
}
