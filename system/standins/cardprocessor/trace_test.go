package cardprocessor

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/opentracing/opentracing-go"
	"github.com/rs/zerolog"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/thrift"
	jaegerthrift "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// collector takes spans as an old Jaeger did: thrift, posted to /api/traces.
type collector struct {
	*httptest.Server
	mu      sync.Mutex
	process string
	spans   []*jaegerthrift.Span
}

func newCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read spans: %v", err)
		}
		memory := thrift.NewTMemoryBuffer()
		memory.Write(body)
		var batch jaegerthrift.Batch
		if err := batch.Read(r.Context(), thrift.NewTBinaryProtocolTransport(memory)); err != nil {
			t.Errorf("decode spans: %v", err)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.process = batch.Process.ServiceName
		c.spans = append(c.spans, batch.Spans...)
	}))
	t.Cleanup(c.Close)
	return c
}

func TestSpansAreReportedInTheCallersTrace(t *testing.T) {
	c := newCollector(t)
	tracer, closer := newTracer("card-processor", c.URL+"/api/traces", zerolog.Nop())
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/refunds", nil)
	r.Pattern = "POST /v1/refunds"
	r.Header.Set(traceHeader, "4bf92f3577b34da6a3ce929d0e0e4736:00f067aa0ba902b7:0:1")
	server := serverSpan(tracer, r)
	server.Finish()
	tracer.StartSpan("webhook", follows(tracer, carry(tracer, server))).Finish()
	if err := closer.Close(); err != nil {
		t.Fatalf("close tracer: %v", err)
	}
	if len(c.spans) != 2 || c.process != "card-processor" {
		t.Fatalf("got %d spans of %q, want 2 of card-processor", len(c.spans), c.process)
	}
	for _, span := range c.spans {
		if got := (jaeger.TraceID{High: uint64(span.TraceIdHigh), Low: uint64(span.TraceIdLow)}).String(); got != "4bf92f3577b34da6a3ce929d0e0e4736" {
			t.Errorf("span %s is in trace %s", span.OperationName, got)
		}
	}
	if got := c.spans[0].ParentSpanId; got != 0x00f067aa0ba902b7 {
		t.Errorf("the server's span has parent %x, want the caller's", got)
	}
	if got, want := c.spans[1].ParentSpanId, c.spans[0].SpanId; got != want {
		t.Errorf("the webhook's span has parent %x, want the server's %x", got, want)
	}
	if got := traceID(server); got != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("logs would show trace %s", got)
	}
}

func TestWithoutAnEndpointNothingIsReportedAndContextStillPasses(t *testing.T) {
	tracer, closer := newTracer("card-processor", "", zerolog.Nop())
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.Header.Set(traceHeader, "4bf92f3577b34da6a3ce929d0e0e4736:00f067aa0ba902b7:0:1")
	span := serverSpan(tracer, r)
	out := opentracing.HTTPHeadersCarrier{}
	if err := tracer.Inject(span.Context(), opentracing.HTTPHeaders, out); err != nil || len(out) == 0 {
		t.Errorf("injected %v, %v", out, err)
	}
	span.Finish()
	if err := closer.Close(); err != nil {
		t.Errorf("close tracer: %v", err)
	}
}
