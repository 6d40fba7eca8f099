package events_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/events"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// TestPublishIsTriedAsOftenAsThePolicySays counts on the wire: the client library would retry by itself if it were let.
func TestPublishIsTriedAsOftenAsThePolicySays(t *testing.T) {
	t.Parallel()
	silent, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	silent.Start()
	t.Cleanup(func() { silent.Shutdown(); silent.WaitForShutdown() })
	if !silent.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server did not start")
	}
	heard := listen(t, silent.ClientURL())
	tel := telemetry.Discard("order")
	link, err := resilience.New(tel, "order", "broker", resilience.Policy{
		Deadline: time.Second, AttemptTimeout: 50 * time.Millisecond, Attempts: 3,
		Backoff: time.Millisecond, MaxBackoff: time.Millisecond, RetryRatio: 1, RetryBurst: 10,
	})
	if err != nil {
		t.Fatal(err)
	}
	broker, err := events.Connect(t.Context(), tel, link, silent.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close(t.Context()) }) // never fails
	if err := broker.Publish(t.Context(), some(1)); problem.CodeOf(err) != problem.Timeout {
		t.Errorf("got %v, want a time-out", err)
	}
	if got := heard.Load(); got != 3 {
		t.Errorf("the event was published %d times, want 3", got)
	}
}

// listen counts events and never answers.
func listen(t *testing.T, url string) *atomic.Int64 {
	t.Helper()
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	var heard atomic.Int64
	if _, err := conn.Subscribe("shop.events.>", func(*nats.Msg) { heard.Add(1) }); err != nil {
		t.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	return &heard
}

func TestWrongBrokerURLIsTheOperatorsToCorrect(t *testing.T) {
	tel := telemetry.Discard("order")
	for _, url := range []string{"", "localhost:4222", "kafka://user:secret@localhost:9092", "amqp://user:secret@localhost:port", "nats://", ":"} {
		_, err := events.Connect(t.Context(), tel, nil, url)
		if !errors.Is(err, boot.ErrUsage) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v", url, err)
		}
	}
}
