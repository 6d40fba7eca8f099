package observe

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestASpanIsWrittenAsEncodingJSONWritesIt(t *testing.T) {
	text := rapid.OneOf(rapid.StringMatching(`[a-z0-9_./ -]{0,12}`), rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{"a<b>&c", "\u2028", "\x7f", `"\`, "é", "\xff"}))
	moment := rapid.Map(rapid.Int64(), func(n int64) time.Time { return time.Unix(0, n).UTC() })
	attrs := rapid.MapOfN(text, text, 0, 20)
	rapid.Check(t, func(t *rapid.T) {
		span := Span{
			TraceID: text.Draw(t, "trace"), SpanID: text.Draw(t, "span"), ParentID: text.Draw(t, "parent"), Name: text.Draw(t, "name"),
			Service: text.Draw(t, "service"), Instance: text.Draw(t, "instance"), Kind: text.Draw(t, "kind"), Start: moment.Draw(t, "start"), End: moment.Draw(t, "end"),
			Attrs: attrs.Draw(t, "attrs"), Status: text.Draw(t, "status"), StatusMessage: text.Draw(t, "message"), Source: text.Draw(t, "source"),
		}
		for range rapid.IntRange(0, 2).Draw(t, "events") {
			span.Events = append(span.Events, Event{Time: moment.Draw(t, "time"), Name: text.Draw(t, "event"), Attrs: attrs.Draw(t, "event attrs")})
			span.Links = append(span.Links, Link{TraceID: text.Draw(t, "linked trace"), SpanID: text.Draw(t, "linked span")})
		}
		want, err := json.Marshal(span)
		if err != nil {
			t.Fatal(err)
		}
		got, err := appendSpan(nil, &span)
		if err != nil || string(got) != string(want) {
			t.Fatalf("got %s, %v\nwant %s", got, err, want)
		}
	})
}

func TestASpanOfAYearThatJSONCannotTellIsAnError(t *testing.T) {
	span := Span{Start: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)}
	if _, err := appendSpan(nil, &span); err == nil {
		t.Error("got no error for the year 12000")
	}
	if _, err := json.Marshal(span); err == nil {
		t.Error("encoding/json has learnt to: so should we")
	}
}

// BenchmarkSpan measures how a span becomes a line.
func BenchmarkSpan(b *testing.B) {
	span := Span{
		TraceID: "b132a28c98371730382ce92158709e24", SpanID: "be1a1b5627d928ba", ParentID: "8f328aa7c5090285", Name: "user.v1.UserService/Keys", Service: "cart",
		Instance: "cart-1", Kind: "client", Start: time.Now().UTC(), End: time.Now().UTC(), Status: "unset", Source: "otlp", Attrs: map[string]string{
			"rpc.method": "user.v1.UserService/Keys", "rpc.response.status_code": "OK", "rpc.system.name": "grpc", "server.address": "127.0.0.1", "server.port": "20004",
		},
	}
	b.Run("ours", func(b *testing.B) {
		var line []byte
		for b.Loop() {
			line, _ = appendSpan(line[:0], &span)
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		for b.Loop() {
			_, _ = json.Marshal(span)
		}
	})
}
