package resilience

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"stormglass/system/platform/problem"
)

// idempotencyKey is the header by which a neighbour knows a write again.
const idempotencyKey = "Idempotency-Key"

// maxAnswer bounds an answer's body in bytes; a neighbour cannot make us hold more.
const maxAnswer = 4 << 20

// Transport sends HTTP requests under a link's policy. It reads each answer whole within its attempt, so that time-out,
// retry and breaker cover the body as they cover the headers, and no answer that is thrown away keeps a connection. It
// is not for streams.
//
// GET and HEAD may be sent again, and so may a request that carries an Idempotency-Key; nothing else. A status of 429
// or from 500 on is an outage; when the operation ends with one, that answer is what the caller gets, as from any other
// transport.
//
// A nil base is a transport of its own with net/http's habits adjusted: more idle connections, pings on HTTP/2. Its
// habit of sending a request again by itself is off whatever the base is: each attempt reaches the wire at most once.
func Transport(l *Link, base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = newBase(l.policy)
	}
	return &transport{link: l, base: base}
}

// WithOperation names what the requests made under the context do, for metrics: "create payment intent". Without a name
// it is the request's method.
func WithOperation(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, operationKey{}, name)
}

type operationKey struct{}

type transport struct {
	link *Link
	base http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := take(req)
	if err != nil {
		return nil, fmt.Errorf("read request body: %w", err)
	}
	answer, err := Do(req.Context(), t.link, operation(req), func(ctx context.Context) (*http.Response, error) {
		return t.send(ctx, req, body)
	})
	if answer != nil && problem.CodeOf(err) != problem.Canceled {
		return answer, nil
	}
	return nil, err
}

// CloseIdleConnections lets http.Client's method of that name reach the base.
func (t *transport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

func operation(req *http.Request) Op {
	name, named := req.Context().Value(operationKey{}).(string)
	if !named {
		name = req.Method
	}
	read := req.Method == http.MethodGet || req.Method == http.MethodHead
	return Op{Name: name, Retry: read || req.Header.Get(idempotencyKey) != ""}
}

// take reads the request's body, for each attempt sends it anew.
func take(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// send makes one attempt and gives the answer with all of its body. An answer that means an outage comes with an error.
func (t *transport) send(ctx context.Context, req *http.Request, body []byte) (*http.Response, error) {
	answer, err := t.base.RoundTrip(once(req.Clone(ctx), body))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if len(content) > maxAnswer {
		return nil, problem.New(problem.Internal, "answer_too_large", "%s answered with more than %d bytes", t.link.server, maxAnswer)
	}
	answer.Body = io.NopCloser(bytes.NewReader(content))
	answer.Request = req
	return answer, outage(answer)
}

// once prepares a request so that net/http cannot send it a second time by itself. It would when a reused connection
// breaks, for a request whose body is absent or can be made again and that either is a read or has the header
// Idempotency-Key (or X-Idempotency-Key) under its canonical name. So each body is one that cannot be made again, also the empty one of a read,
// and the header goes out in lower case, which on the wire is the same.
func once(req *http.Request, body []byte) *http.Request {
	req.GetBody = nil
	for _, name := range []string{idempotencyKey, "X-" + idempotencyKey} {
		if key := req.Header.Values(name); len(key) > 0 {
			req.Header.Del(name)
			req.Header[strings.ToLower(name)] = key
		}
	}
	if len(body) > 0 || req.Method == http.MethodGet || req.Method == http.MethodHead {
		req.Body = io.NopCloser(bytes.NewReader(body))
		req.ContentLength = int64(len(body))
		return req
	}
	req.Body = http.NoBody
	return req
}

// outage gives the error of an answer that speaks of the neighbour and not of this request, and nil for any other.
func outage(answer *http.Response) error {
	var code problem.Code
	switch status := answer.StatusCode; {
	case status == http.StatusGatewayTimeout:
		code = problem.Timeout
	case status >= 500, status == http.StatusTooManyRequests:
		code = problem.Unavailable
	default:
		return nil
	}
	p := problem.New(code, "http_"+strconv.Itoa(answer.StatusCode), "the neighbour answered %s", http.StatusText(answer.StatusCode))
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		p.After(time.Duration(seconds) * time.Second)
	}
	return p
}

// newBase keeps enough idle connections for a busy link, and drops an HTTP/2 connection that no longer answers pings:
// it carries all calls, so a stalled one would stall everything for ever.
func newBase(p Policy) *http.Transport {
	const idle = 64
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: p.AttemptTimeout}).DialContext,
		TLSHandshakeTimeout: p.AttemptTimeout,
		MaxIdleConnsPerHost: max(idle, p.Bulkhead),
		IdleConnTimeout:     30 * time.Second,
		ForceAttemptHTTP2:   true,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 2 * time.Second, PingTimeout: 2 * time.Second},
	}
}
