package events_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"stormglass/system/platform/events"
	"stormglass/system/platform/events/eventstest"
)

func TestJetStreamDoesWhatABrokerMust(t *testing.T) {
	t.Parallel()
	eventstest.Run(t, eventstest.JetStream("TestJetStreamServes"))
}

// TestJetStreamServes is no test: it is the server that others kill.
func TestJetStreamServes(t *testing.T) { eventstest.ServeJetStream(t) }

func TestStreamOfAnOlderReleaseIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	s := eventstest.StartServer(t)
	conn, err := nats.Connect(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "shop-events", Subjects: []string{"shop.events.>"}}); err != nil {
		t.Fatal(err)
	}
	broker := s.Connect()
	queue, err := broker.Subscribe(t.Context(), events.Queue{Name: payment, Types: []string{created}})
	if err != nil {
		t.Fatal(err)
	}
	defer queue.Close(t.Context())
	if _, err := queue.Fetch(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := broker.Publish(t.Context(), some(30)); err != nil { // a batch, which the older stream refuses
		t.Fatal(err)
	}
}

// A broker opens so many batches and no more: of the next one it does not keep the beginning, and calls the rest incomplete.
// That is no fault of the events.
func TestABatchWhoseBeginningWasNotKeptGoesOutOneByOne(t *testing.T) {
	t.Parallel()
	s := eventstest.StartServer(t)
	broker := s.Connect()
	queue, err := broker.Subscribe(t.Context(), events.Queue{Name: payment, Types: []string{created}})
	if err != nil {
		t.Fatal(err)
	}
	defer queue.Close(context.Background())
	if err := broker.Publish(t.Context(), some(1)); err != nil { // makes the stream
		t.Fatal(err)
	}
	conn, err := nats.Connect(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i := range 60 { // the server's limit is 50
		if err := conn.PublishMsg(&nats.Msg{Subject: "shop.events." + created, Header: nats.Header{
			"Nats-Batch-Id": {fmt.Sprintf("left-open-%d", i)}, "Nats-Batch-Sequence": {"1"},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := broker.Publish(t.Context(), some(30)); err != nil {
		t.Error(err)
	}
}
