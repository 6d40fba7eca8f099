package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestClassify(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	for name, c := range map[string]struct {
		err    error
		status int
		want   Outcome
	}{
		"no error is ok":                          {nil, 202, OK},
		"an answer that says no is failed":        {errors.New("503"), 503, Failed},
		"a connection never made is failed":       {fmt.Errorf("post: %w", refused), 0, Failed},
		"a deadline is unknown":                   {fmt.Errorf("post: %w", context.DeadlineExceeded), 0, Unknown},
		"no answer at all is unknown":             {errors.New("http2: stream closed"), 0, Unknown},
		"an answer that was cut short is unknown": {fmt.Errorf("read body: %w", io.ErrUnexpectedEOF), 200, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Classify(c.err, c.status); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestARealCallThatTimesOutIsUnknownAndOneThatIsRefusedIsFailed(t *testing.T) {
	hold := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hold }))
	call := func(ctx context.Context, _ *Operation) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, nil)
		if err != nil {
			return err
		}
		_, err = server.Client().Do(req)
		return err
	}
	recorder := NewRecorder(io.Discard)
	v := &Visit{timeout: 50 * time.Millisecond, recorder: recorder}
	v.Do(t.Context(), "stalled", call)
	close(hold)
	server.Close()
	v.Do(t.Context(), "refused", call)
	for i, want := range []Outcome{Unknown, Failed} {
		if got := recorder.History()[i]; got.Outcome != want || got.Detail == "" {
			t.Errorf("%s: got %s (%q), want %s with a detail", got.Name, got.Outcome, got.Detail, want)
		}
	}
}

func TestOnlyTheFirstOperationCountsFromTheIntendedStart(t *testing.T) {
	var recorder = NewRecorder(&bytes.Buffer{})
	intended := time.Now().Add(-time.Minute)
	v := &Visit{Intended: intended, timeout: time.Second, recorder: recorder}
	nothing := func(context.Context, *Operation) error { return nil }
	v.Do(t.Context(), "first", nothing)
	v.Do(t.Context(), "second", nothing)
	got := recorder.History()
	if got[0].Latency() < time.Minute || got[1].Latency() >= time.Minute {
		t.Errorf("latencies: got %v and %v, want over and under a minute", got[0].Latency(), got[1].Latency())
	}
}

func TestRate(t *testing.T) {
	for text, want := range map[string]Rate{"20/s": 20, "90/m": 1.5, "0/s": 0, "2.5 / s": 2.5} {
		var got Rate
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"20", "/s", "20/h", "-1/s", "many/s", "NaN/s", "1000000/s"} {
		var got Rate
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}
