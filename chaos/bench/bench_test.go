package bench

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"stormglass/chaos/load"
)

func TestOperationsAreSortedByWhatCameOfThem(t *testing.T) {
	begin := time.Now()
	op := func(name string, outcome load.Outcome, status int, took time.Duration) load.Operation {
		return load.Operation{Name: name, Outcome: outcome, Status: status, Intended: begin, End: begin.Add(took), Detail: "said"}
	}
	var s Stretch
	s.add([]load.Operation{
		op("order", load.OK, 202, 10*time.Millisecond), op("order", load.OK, 202, 30*time.Millisecond),
		op("order", load.Failed, 503, time.Second), op("order", load.Failed, 429, time.Second), op("order", load.Failed, 409, time.Second),
		op("order", load.Unknown, 0, time.Second), op("nobody-free", load.Failed, 0, 0),
	}, "order")
	if s.Sent != 6 || s.Accepted != 2 || s.Refused != 2 || s.Failed != 1 || s.Unknown != 1 || s.Short != 1 {
		t.Errorf("got %+v, want 6 sent: 2 accepted, 2 refused, 1 failed, 1 unknown; and 1 short", s)
	}
	if s.P50MS != 30 || s.P99MS != 30 {
		t.Errorf("latencies: got %v and %v ms, want those of accepted operations alone", s.P50MS, s.P99MS)
	}
	if len(s.Why) != 4 || s.Why[http.StatusConflict] != "said" {
		t.Errorf("reasons: got %v, want one for each status that was no success", s.Why)
	}
}

func TestQuantilesAreOfTheNearestRank(t *testing.T) {
	var took []time.Duration
	for n := range 100 {
		took = append(took, time.Duration(n+1)*time.Millisecond)
	}
	for q, want := range map[float64]float64{0: 1, 0.5: 51, 0.99: 100, 1: 100} {
		if got := quantile(took, q); got != want {
			t.Errorf("quantile %v: got %v ms, want %v", q, got, want)
		}
	}
	if got := quantile(nil, 0.99); got != 0 {
		t.Errorf("of nothing: got %v, want 0", got)
	}
}

func TestARateHoldsOnlyWhenNothingIsWrongWithIt(t *testing.T) {
	good := Stretch{Sent: 10, Accepted: 10, P99MS: kneeP99MS}
	if !good.Holds() {
		t.Errorf("%+v does not hold", good)
	}
	for name, spoil := range map[string]func(*Stretch){
		"nothing accepted": func(s *Stretch) { s.Sent, s.Accepted = 0, 0 },
		"one refused":      func(s *Stretch) { s.Accepted-- },
		"one stuck":        func(s *Stretch) { s.Stuck = 1 },
		"too slow":         func(s *Stretch) { s.P99MS++ },
		"harness short":    func(s *Stretch) { s.Short = 1 },
	} {
		s := good
		if spoil(&s); s.Holds() {
			t.Errorf("%s: %+v holds", name, s)
		}
	}
}

func TestTheSinkTakesTracesAndKeepsTheirSize(t *testing.T) {
	s, err := newSink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient(s.otlp.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	batch := &collector.ExportTraceServiceRequest{ResourceSpans: []*trace.ResourceSpans{{SchemaUrl: "a batch"}}}
	answer, err := collector.NewTraceServiceClient(conn).Export(t.Context(), batch)
	if err != nil || answer.GetPartialSuccess() != nil {
		t.Errorf("export: got %v, %v, want all taken", answer, err)
	}
	posted, err := http.Post("http://"+s.jaeger.Addr().String()+"/api/traces", "application/x-thrift", bytes.NewReader(make([]byte, 100)))
	if err != nil {
		t.Fatal(err)
	}
	posted.Body.Close()
	if got, want := s.bytes.Load(), int64(proto.Size(batch)+100); got != want {
		t.Errorf("got %d bytes, want %d", got, want)
	}
	if err := s.close(); err != nil {
		t.Errorf("close: %v", err)
	}
}
