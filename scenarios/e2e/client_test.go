package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"stormglass/internal/await"
)

// request is one question at the public door.
type request struct {
	method, path string
	token        string      // the access token of who asks; empty for anybody
	key          string      // Idempotency-Key; empty for none
	header       http.Header // sent as it is, in place of what would be sent otherwise
	body         any         // JSON; a string goes out as it is
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// problem is an answer that says no (RFC 9457).
type problem struct {
	Type, Title, Detail, Reason string
	Status                      int
	Fields                      []struct{ Name, Problem string }
}

// ask asks as a client does who knows what a 503 or a 504 means: a busy machine may not have had the time, and what is harmless to
// repeat is asked again. It fails the test only when there is no answer.
func (s *shop) ask(r request) answer {
	s.t.Helper()
	var a answer
	if !r.repeatable() {
		return s.askOnce(r)
	}
	await.NoError(s.t, func() error {
		a = s.askOnce(r)
		if a.status == http.StatusServiceUnavailable || a.status == http.StatusGatewayTimeout {
			return fmt.Errorf("%s %s: got status %d: %s", r.method, r.path, a.status, a.body)
		}
		return nil
	})
	return a
}

// askOnce asks for a test that awaits a 503 or a 504, and fails it only when there is no answer.
func (s *shop) askOnce(r request) answer {
	s.t.Helper()
	a, err := s.tryAsk(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// repeatable says whether a request may be sent again when its answer says that it may have had its effect: reads, keyed writes,
// whole replacements, and logging in, which only makes one more session. A body that is read as it is sent is there once.
func (r request) repeatable() bool {
	if _, once := r.body.(io.Reader); once {
		return false
	}
	return r.method != http.MethodPost || r.key != "" || strings.HasPrefix(r.path, "/v1/sessions")
}

// tryAsk asks for a client who bears with a door that does not answer.
func (s *shop) tryAsk(r request) (answer, error) {
	body, err := encode(r.body)
	if err != nil {
		return answer{}, err
	}
	req, err := http.NewRequest(r.method, s.Public()+r.path, body)
	if err != nil {
		return answer{}, err
	}
	req.GetBody = nil // or net/http would send a keyed request again by itself
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	resp, err := s.web.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, text}, err
}

func encode(body any) (io.Reader, error) {
	switch body := body.(type) {
	case nil:
		return nil, nil
	case string:
		return strings.NewReader(body), nil
	case io.Reader:
		return body, nil
	}
	text, err := json.Marshal(body)
	return bytes.NewReader(text), err
}

// must fails the test unless the answer has this status, and reads it into a value.
func (a answer) must(t testing.TB, status int, into any) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("got status %d, want %d: %s", a.status, status, a.body)
	}
	if into == nil {
		return a
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("decode answer: %v: %s", err, a.body)
	}
	return a
}

// refusal reads an answer that must be a problem.
func (a answer) refusal(t testing.TB) problem {
	t.Helper()
	var p problem
	if got, want := a.header.Get("Content-Type"), "application/problem+json"; got != want {
		t.Errorf("content type: got %q, want %q: %d %s", got, want, a.status, a.body)
	}
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Errorf("decode problem: %v: %d %s", err, a.status, a.body)
	}
	return p
}
