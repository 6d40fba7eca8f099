package observe

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/uber/jaeger-client-go/thrift"
	legacy "github.com/uber/jaeger-client-go/thrift-gen/jaeger"
)

// jaegerPath is where collectors have always taken spans from legacy clients.
const jaegerPath = "/api/traces"

// newJaegerServer takes batches of spans that legacy Jaeger clients post in binary Thrift.
func newJaegerServer(s *spans) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+jaegerPath, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBatch))
		if err != nil {
			http.Error(w, "read batch: "+err.Error(), http.StatusBadRequest)
			return
		}
		batch, err := decodeBatch(r.Context(), body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.add(fromJaeger(batch)...)
		w.WriteHeader(http.StatusAccepted)
	})
	return &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
}

func decodeBatch(ctx context.Context, body []byte) (*legacy.Batch, error) {
	limits := &thrift.TConfiguration{MaxMessageSize: maxBatch, MaxFrameSize: maxBatch}
	wire := thrift.NewTBinaryProtocolConf(&thrift.TMemoryBuffer{Buffer: bytes.NewBuffer(body)}, limits)
	batch := legacy.NewBatch()
	if err := batch.Read(ctx, wire); err != nil {
		return nil, fmt.Errorf("decode Thrift batch: %w", err)
	}
	return batch, nil
}

// fromJaeger gives legacy spans the form of OpenTelemetry's: 128-bit trace ids, kind and status as fields.
func fromJaeger(batch *legacy.Batch) []Span {
	process := tags(batch.GetProcess().GetTags())
	converted := make([]Span, 0, len(batch.GetSpans()))
	for _, s := range batch.GetSpans() {
		start := micros(s.GetStartTime())
		span := Span{
			TraceID:  traceID(s.GetTraceIdHigh(), s.GetTraceIdLow()),
			SpanID:   spanID(s.GetSpanId()),
			Name:     s.GetOperationName(),
			Service:  batch.GetProcess().GetServiceName(),
			Instance: process["service.instance.id"],
			Start:    start,
			End:      start.Add(time.Duration(s.GetDuration()) * time.Microsecond),
			Attrs:    tags(s.GetTags()),
			Events:   events(s.GetLogs()),
			Source:   SourceJaeger,
		}
		span.relate(s)
		span.classify()
		converted = append(converted, span)
	}
	return converted
}

// relate finds the parent. A child-of reference names it as well as the field does; other references are links.
func (s *Span) relate(from *legacy.Span) {
	if from.GetParentSpanId() != 0 {
		s.ParentID = spanID(from.GetParentSpanId())
	}
	for _, ref := range from.GetReferences() {
		to := Link{TraceID: traceID(ref.GetTraceIdHigh(), ref.GetTraceIdLow()), SpanID: spanID(ref.GetSpanId())}
		switch {
		case to.TraceID == s.TraceID && to.SpanID == s.ParentID:
		case to.TraceID == s.TraceID && s.ParentID == "" && ref.GetRefType() == legacy.SpanRefType_CHILD_OF:
			s.ParentID = to.SpanID
		default:
			s.Links = append(s.Links, to)
		}
	}
}

// classify moves OpenTracing's tags for kind and error to where OpenTelemetry has them.
func (s *Span) classify() {
	s.Kind, s.Status = "internal", StatusUnset
	if kind := s.Attrs["span.kind"]; kind != "" {
		s.Kind = kind
		delete(s.Attrs, "span.kind")
	}
	if s.Attrs["error"] == "true" {
		s.Status = StatusError
		delete(s.Attrs, "error")
	}
	if len(s.Attrs) == 0 {
		s.Attrs = nil
	}
}

func events(logs []*legacy.Log) []Event {
	var list []Event
	for _, l := range logs {
		e := Event{Time: micros(l.GetTimestamp()), Attrs: tags(l.GetFields())}
		e.Name = e.Attrs["event"]
		delete(e.Attrs, "event")
		if len(e.Attrs) == 0 {
			e.Attrs = nil
		}
		list = append(list, e)
	}
	return list
}

func tags(pairs []*legacy.Tag) map[string]string {
	if len(pairs) == 0 {
		return nil
	}
	attrs := make(map[string]string, len(pairs))
	for _, t := range pairs {
		switch t.GetVType() {
		case legacy.TagType_BOOL:
			attrs[t.GetKey()] = text(t.GetVBool())
		case legacy.TagType_LONG:
			attrs[t.GetKey()] = text(t.GetVLong())
		case legacy.TagType_DOUBLE:
			attrs[t.GetKey()] = text(t.GetVDouble())
		case legacy.TagType_BINARY:
			attrs[t.GetKey()] = text(t.GetVBinary())
		default:
			attrs[t.GetKey()] = t.GetVStr()
		}
	}
	return attrs
}

func traceID(high, low int64) string { return fmt.Sprintf("%016x%016x", uint64(high), uint64(low)) }

func spanID(id int64) string { return fmt.Sprintf("%016x", uint64(id)) }

func micros(unix int64) time.Time { return time.UnixMicro(unix).UTC() }
