package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// problemContent is the media type of problems.
const problemContent = "application/problem+json"

// comeBack is what a client is told to wait when we do not know better.
const comeBack = time.Second

// Problem is how everything that went wrong is answered (RFC 9457).
type Problem struct {
	Type   string  `json:"type" doc:"Always about:blank: reason tells the problems apart."`
	Title  string  `json:"title" doc:"The status in words."`
	Status int     `json:"status" doc:"The HTTP status."`
	Detail string  `json:"detail" doc:"A sentence that tells what is wrong and what to do."`
	Reason string  `json:"reason" doc:"A stable word for programs, such as cart_changed."`
	Fields []field `json:"fields,omitempty" nullable:"false" doc:"What is wrong with which part of the request."`
	// Resource is what the request conflicts with.
	Resource string `json:"resource,omitempty" doc:"The path of what the request conflicts with, such as the order that was made from this cart before."`
	// Correlation names the request in our logs.
	Correlation string `json:"correlation_id,omitempty" doc:"The request's X-Correlation-ID, by which our logs know it."`

	retryAfter time.Duration
	header     http.Header
}

type field struct {
	Name    string `json:"name" doc:"The field's path, or the parameter's or header's name."`
	Problem string `json:"problem" doc:"What is expected."`
}

var (
	problemType = reflect.TypeFor[Problem]()
	_           = huma.StatusError(&Problem{})
	_           = huma.HeadersError(&Problem{})
	_           = huma.ContentTypeFilter(&Problem{})
)

// newProblem makes a problem that the table of codes has no status for.
func newProblem(status int, reason, detail string) *Problem {
	title := http.StatusText(status)
	if title == "" {
		title = "Client closed request" // 499, which has no name
	}
	return &Problem{Type: "about:blank", Title: title, Status: status, Reason: reason, Detail: detail}
}

func (p *Problem) Error() string { return p.Reason + ": " + p.Detail }

// GetStatus gives the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType gives the media type of problems.
func (p *Problem) ContentType(string) string { return problemContent }

// GetHeaders gives the headers that belong to the problem.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	for name, values := range p.header {
		h[name] = values
	}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	return h
}

// with adds a header.
func (p *Problem) with(name, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
	return p
}

// after tells the client when to come back.
func (p *Problem) after(d time.Duration) *Problem {
	p.retryAfter = d
	return p
}

// problemOf gives the answer for an error, and logs what the client is not told. A problem of the door's own has no more
// to it than the client sees.
func (g *gateway) problemOf(ctx context.Context, method string, err error) *Problem {
	p, own := errors.AsType[*Problem](err)
	if !own {
		p = translate(problem.As(err), method)
		g.logProblem(ctx, err)
	}
	p.Correlation = telemetry.Correlation(ctx)
	return p
}

func translate(e *problem.Error, method string) *Problem {
	p := newProblem(e.Code.HTTP(), e.Reason, e.Message)
	if p.Reason == "" {
		p.Reason = string(e.Code)
	}
	for _, f := range e.Fields {
		p.Fields = append(p.Fields, field(f))
	}
	p.Resource = e.Resource
	reads := method == http.MethodGet || method == http.MethodHead
	if !reads && (e.Code == problem.Timeout || e.Code == problem.Unknown) {
		p.Detail += "; a write may have happened: repeat it with the same Idempotency-Key"
	}
	p.retryAfter = e.RetryAfter
	if e.Code == problem.TooMany || e.Code.Outage() {
		p.retryAfter = max(p.retryAfter, comeBack)
	}
	return p
}

// logProblem keeps what our own policy refuses out of the usual log: while a breaker is open that is every request.
func (g *gateway) logProblem(ctx context.Context, err error) {
	event := g.tel.Log.Debug()
	switch code := problem.CodeOf(err); {
	case code == problem.Internal:
		event = g.tel.Log.Error()
	case code.Outage() && !resilience.Refused(err):
		event = g.tel.Log.Warn()
	}
	event.Ctx(ctx).Err(err).Msg("request failed")
}

// write answers with the problem.
func (p *Problem) write(w http.ResponseWriter) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", problemContent)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client has left; nobody is there to be told
}

// problemResponse documents problems in the OpenAPI document.
func problemResponse() *huma.Response {
	return &huma.Response{
		Description: "A problem (RFC 9457)",
		Content:     map[string]*huma.MediaType{problemContent: {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}}},
	}
}
