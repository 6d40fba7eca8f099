package observe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	otlog "github.com/opentracing/opentracing-go/log"
	jaegerclient "github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/transport"
	"go.opentelemetry.io/contrib/propagators/jaeger"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"

	"stormglass/internal/await"
)

// openTelemetry returns a tracer of the service payment whose spans reach the observer as they end.
func openTelemetry(t *testing.T, obs *Observer) trace.Tracer {
	t.Helper()
	exporter, err := otlptracegrpc.New(t.Context(), otlptracegrpc.WithEndpoint(obs.OTLP()), otlptracegrpc.WithInsecure(), otlptracegrpc.WithCompressor("gzip"))
	if err != nil {
		t.Fatal(err)
	}
	provider := sdk.NewTracerProvider(sdk.WithSyncer(exporter), sdk.WithResource(resource.NewSchemaless(
		attribute.String("service.name", "payment"), attribute.String("service.instance.id", "payment-1"))))
	t.Cleanup(func() {
		if err := provider.Shutdown(context.Background()); err != nil {
			t.Errorf("shut down tracing: %v", err)
		}
	})
	return provider.Tracer("test")
}

// legacyTracer returns a tracer of the service card-processor that posts its spans by its own HTTP transport.
func legacyTracer(t *testing.T, obs *Observer) opentracing.Tracer {
	t.Helper()
	post := transport.NewHTTPTransport(obs.Jaeger(), transport.HTTPBatchSize(1), transport.HTTPRoundTripper(&http.Transport{DisableKeepAlives: true}))
	tracer, closer := jaegerclient.NewTracer("card-processor", jaegerclient.NewConstSampler(true), jaegerclient.NewRemoteReporter(post))
	t.Cleanup(func() {
		if err := closer.Close(); err != nil {
			t.Errorf("close legacy tracer: %v", err)
		}
	})
	return tracer
}

// checkout makes one trace: payment calls card-processor, which is traced by the old library. It returns the trace's id.
func checkout(t *testing.T, payment trace.Tracer, processor opentracing.Tracer) string {
	t.Helper()
	ctx, client := payment.Start(t.Context(), "POST /v1/payment_intents", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.Int("attempt", 1), attribute.StringSlice("tried", []string{"a", "b"})))
	header := http.Header{}
	jaeger.Jaeger{}.Inject(ctx, propagation.HeaderCarrier(header))

	parent, err := processor.Extract(opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(header))
	if err != nil {
		t.Fatal(err)
	}
	server := processor.StartSpan("charge", ext.RPCServerOption(parent), opentracing.Tag{Key: "amount", Value: 1999})
	ext.Error.Set(server, true)
	server.LogFields(otlog.String("event", "declined"), otlog.Bool("final", true))
	server.Finish()

	client.RecordError(errors.New("card declined"))
	client.SetStatus(codes.Error, "card declined")
	client.End()
	return client.SpanContext().TraceID().String()
}

// waitForSpans waits until a trace has n spans.
func waitForSpans(t *testing.T, traces Traces, id string, n int) []Span {
	t.Helper()
	await.NoError(t, func() error {
		if got := len(traces.Trace(id)); got != n {
			return fmt.Errorf("trace %s: got %d spans, want %d", id, got, n)
		}
		return nil
	})
	return traces.Trace(id)
}

func TestALegacySpanJoinsTheTraceOfItsCaller(t *testing.T) {
	obs := observe(t, t.TempDir())
	id := checkout(t, openTelemetry(t, obs), legacyTracer(t, obs))
	spans := waitForSpans(t, obs, id, 2)

	client, server := spans[0], spans[1]
	if client.Source != SourceOTLP || server.Source != SourceJaeger {
		t.Fatalf("got sources %s, %s, want %s, %s", client.Source, server.Source, SourceOTLP, SourceJaeger)
	}
	if server.ParentID != client.SpanID || client.ParentID != "" || len(server.Links) != 0 {
		t.Errorf("got parents %q, %q and links %v, want %q, none and none", server.ParentID, client.ParentID, server.Links, client.SpanID)
	}
	for _, c := range []struct{ what, got, want string }{
		{"client's service", client.Service, "payment"},
		{"client's instance", client.Instance, "payment-1"},
		{"client's kind", client.Kind, "client"},
		{"client's status", client.Status + ": " + client.StatusMessage, "error: card declined"},
		{"client's attempt", client.Attrs["attempt"], "1"},
		{"client's list", client.Attrs["tried"], `["a","b"]`},
		{"client's event", client.Events[0].Attrs["exception.message"], "card declined"},
		{"server's service", server.Service, "card-processor"},
		{"server's name", server.Name, "charge"},
		{"server's kind", server.Kind, "server"},
		{"server's status", server.Status, "error"},
		{"server's amount", server.Attrs["amount"], "1999"},
		{"server's event", server.Events[0].Name, "declined"},
		{"server's event's field", server.Events[0].Attrs["final"], "true"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
		}
	}
	if d := server.End.Sub(server.Start); d < 0 || d > 10*time.Second {
		t.Errorf("got a span of %v", d)
	}
}

func TestALegacyTraceWithA64BitIDIsPaddedTo32Digits(t *testing.T) {
	obs := observe(t, t.TempDir())
	span := legacyTracer(t, obs).StartSpan("alone")
	id := span.Context().(jaegerclient.SpanContext).TraceID().Low
	span.Finish()
	waitForSpans(t, obs, fmt.Sprintf("%032x", id), 1)
}

func TestAFollowsFromReferenceIsALink(t *testing.T) {
	obs := observe(t, t.TempDir())
	tracer := legacyTracer(t, obs)
	cause := tracer.StartSpan("cause")
	other := tracer.StartSpan("other")
	effect := tracer.StartSpan("effect", opentracing.ChildOf(cause.Context()), opentracing.FollowsFrom(other.Context()))
	for _, s := range []opentracing.Span{effect, other, cause} {
		s.Finish()
	}
	id := cause.Context().(jaegerclient.SpanContext).TraceID()
	spans := waitForSpans(t, obs, fmt.Sprintf("%032x", id.Low), 2)
	if len(spans[1].Links) != 1 || spans[1].ParentID != spans[0].SpanID {
		t.Errorf("got links %v and parent %s, want one and %s", spans[1].Links, spans[1].ParentID, spans[0].SpanID)
	}
}

func TestASpanThatIsSentTwiceIsKeptOnce(t *testing.T) {
	receiver := &otlpReceiver{spans: newSpans()}
	for range 2 {
		if _, err := receiver.Export(t.Context(), oneSpan(bytes.Repeat([]byte{0xAB}, 16))); err != nil {
			t.Fatal(err)
		}
	}
	id := strings.Repeat("ab", 16)
	if got := len(receiver.spans.Trace(id)); got != 1 {
		t.Errorf("got %d spans, want 1", got)
	}
}

func TestASpanWithoutAProperIDIsCountedBack(t *testing.T) {
	receiver := &otlpReceiver{spans: newSpans()}
	resp, err := receiver.Export(t.Context(), oneSpan([]byte{1, 2, 3}))
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.GetPartialSuccess().GetRejectedSpans(); got != 1 {
		t.Errorf("got %d rejected spans, want 1", got)
	}
}

func oneSpan(traceID []byte) *collector.ExportTraceServiceRequest {
	span := &otlp.Span{TraceId: traceID, SpanId: bytes.Repeat([]byte{1}, 8), Attributes: []*common.KeyValue{{Key: "empty"}}}
	return &collector.ExportTraceServiceRequest{ResourceSpans: []*otlp.ResourceSpans{{ScopeSpans: []*otlp.ScopeSpans{{Spans: []*otlp.Span{span}}}}}}
}

func TestABatchThatIsNoThriftIsRefused(t *testing.T) {
	obs := observe(t, t.TempDir())
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, body := range []string{"", "{}", "\x0c\x00\x01\x0b\x00\x01\x7f\xff\xff\xff", strings.Repeat("x", maxBatch+1)} {
		resp, err := client.Post(obs.Jaeger(), "application/x-thrift", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%d bytes: got %s, want 400", len(body), resp.Status)
		}
	}
}

func TestTracesComeByTheStartOfTheirFirstSpan(t *testing.T) {
	s := newSpans()
	at := func(seconds int) time.Time { return time.Unix(int64(seconds), 0).UTC() }
	s.add(
		Span{TraceID: "b", SpanID: "1", Start: at(3)}, Span{TraceID: "b", SpanID: "2", Start: at(1)},
		Span{TraceID: "a", SpanID: "3", Start: at(2)}, Span{TraceID: "c", SpanID: "4", Start: at(1)},
	)
	var got []string
	for id, spans := range s.Traces() {
		for _, span := range spans {
			got = append(got, id+span.SpanID)
		}
	}
	if want := "b2 b1 c4 a3"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
