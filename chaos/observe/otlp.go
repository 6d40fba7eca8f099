package observe

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // exporters may compress
)

// maxBatch bounds one batch of spans from a client, in bytes.
const maxBatch = 16 << 20

// otlpReceiver takes spans by OTLP over gRPC.
type otlpReceiver struct {
	collector.UnimplementedTraceServiceServer
	spans *spans
}

func newOTLPServer(s *spans) *grpc.Server {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxBatch))
	collector.RegisterTraceServiceServer(server, &otlpReceiver{spans: s})
	return server
}

// Export implements the collector's trace service. Spans without proper ids are counted back to the client.
func (r *otlpReceiver) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	var batch []Span
	var rejected int64
	for _, resource := range req.GetResourceSpans() {
		of := attributes(resource.GetResource().GetAttributes())
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				if len(s.GetTraceId()) != 16 || len(s.GetSpanId()) != 8 {
					rejected++
					continue
				}
				batch = append(batch, fromOTLP(s, of["service.name"], of["service.instance.id"]))
			}
		}
	}
	r.spans.add(batch...)
	if rejected == 0 {
		return &collector.ExportTraceServiceResponse{}, nil
	}
	return &collector.ExportTraceServiceResponse{PartialSuccess: &collector.ExportTracePartialSuccess{
		RejectedSpans: rejected,
		ErrorMessage:  "a trace id has 16 bytes and a span id 8",
	}}, nil
}

func fromOTLP(s *trace.Span, service, instance string) Span {
	span := Span{
		TraceID:       hex.EncodeToString(s.GetTraceId()),
		SpanID:        hex.EncodeToString(s.GetSpanId()),
		ParentID:      hex.EncodeToString(s.GetParentSpanId()),
		Name:          s.GetName(),
		Service:       service,
		Instance:      instance,
		Kind:          kind(s.GetKind()),
		Start:         nanos(s.GetStartTimeUnixNano()),
		End:           nanos(s.GetEndTimeUnixNano()),
		Attrs:         attributes(s.GetAttributes()),
		Status:        strings.ToLower(strings.TrimPrefix(s.GetStatus().GetCode().String(), "STATUS_CODE_")),
		StatusMessage: s.GetStatus().GetMessage(),
		Source:        SourceOTLP,
	}
	for _, e := range s.GetEvents() {
		span.Events = append(span.Events, Event{Time: nanos(e.GetTimeUnixNano()), Name: e.GetName(), Attrs: attributes(e.GetAttributes())})
	}
	for _, l := range s.GetLinks() {
		span.Links = append(span.Links, Link{TraceID: hex.EncodeToString(l.GetTraceId()), SpanID: hex.EncodeToString(l.GetSpanId())})
	}
	return span
}

// kind of a span that tells none is internal, as the specification says.
func kind(k trace.Span_SpanKind) string {
	if k == trace.Span_SPAN_KIND_UNSPECIFIED {
		k = trace.Span_SPAN_KIND_INTERNAL
	}
	return strings.ToLower(strings.TrimPrefix(k.String(), "SPAN_KIND_"))
}

func nanos(unix uint64) time.Time {
	return time.Unix(0, int64(unix)).UTC()
}

// attributes turns typed values into text: numbers in Go's shortest form, bytes in base64, lists and maps in JSON.
func attributes(pairs []*common.KeyValue) map[string]string {
	if len(pairs) == 0 {
		return nil
	}
	attrs := make(map[string]string, len(pairs))
	for _, p := range pairs {
		attrs[p.GetKey()] = text(plain(p.GetValue()))
	}
	return attrs
}

// plain unwraps a value into what encoding/json knows.
func plain(v *common.AnyValue) any {
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_BoolValue:
		return v.BoolValue
	case *common.AnyValue_IntValue:
		return v.IntValue
	case *common.AnyValue_DoubleValue:
		return v.DoubleValue
	case *common.AnyValue_BytesValue:
		return v.BytesValue
	case *common.AnyValue_ArrayValue:
		list := []any{}
		for _, e := range v.ArrayValue.GetValues() {
			list = append(list, plain(e))
		}
		return list
	case *common.AnyValue_KvlistValue:
		members := map[string]any{}
		for _, e := range v.KvlistValue.GetValues() {
			members[e.GetKey()] = plain(e.GetValue())
		}
		return members
	default:
		return ""
	}
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	}
	encoded, err := json.Marshal(v)
	if err != nil { // a list with NaN, which JSON does not know
		return fmt.Sprint(v)
	}
	return string(encoded)
}
