package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"stormglass/internal/await"
)

func stream(t *testing.T, addr string) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	c, err := nats.Connect("nats://" + addr)
	if err != nil {
		t.Fatalf("connect to broker: %v", err)
	}
	t.Cleanup(c.Close)
	js, err := jetstream.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return c, js
}

func TestTheBrokerKeepsAllThatItAcknowledgedWhenKilledWhilePublishing(t *testing.T) {
	p := begin(t, prepare(t, "broker", t.TempDir()))
	_, js := stream(t, p.addr["nats"])
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "events", Subjects: []string{"e.>"}}); err != nil {
		t.Fatalf("create stream: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var acknowledged atomic.Uint64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if _, err := js.Publish(ctx, "e.x", []byte("event"), jetstream.WithRetryAttempts(0)); err == nil {
				acknowledged.Add(1)
			}
		}
	}()
	await.NoError(t, func() error {
		if n := acknowledged.Load(); n < 200 {
			return fmt.Errorf("%d so far", n)
		}
		return nil
	})
	p.kill()
	cancel()
	<-done
	next := p.again(t)
	_, js = stream(t, next.addr["nats"])
	s, err := js.Stream(t.Context(), "events")
	if err != nil {
		t.Fatalf("the stream after the restart: %v", err)
	}
	if kept, want := s.CachedInfo().State.Msgs, acknowledged.Load(); kept < want || kept > want+1 {
		t.Errorf("kept %d events, want the %d acknowledged ones, and at most one more", kept, want)
	}
}

func documentsAt(t *testing.T, addr string) *mongo.Collection {
	t.Helper()
	c, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + addr).SetRetryWrites(false).SetRetryReads(false).SetServerSelectionTimeout(5 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 100*time.Millisecond)
		defer cancel()
		_ = c.Disconnect(ctx) // it would say goodbye to a server that is gone
	})
	return c.Database("product").Collection("products")
}

func TestDocumentsSurviveAKill(t *testing.T) {
	p := begin(t, prepare(t, "documents", t.TempDir()))
	many := make([]any, 100)
	for i := range many {
		many[i] = bson.M{"_id": fmt.Sprint(i), "price": i}
	}
	if _, err := documentsAt(t, p.addr["mongo"]).InsertMany(t.Context(), many); err != nil {
		t.Fatalf("insert: %v", err)
	}
	p.kill()
	next := p.again(t)
	if n, err := documentsAt(t, next.addr["mongo"]).CountDocuments(t.Context(), bson.M{"price": bson.M{"$gte": 50}}); err != nil || n != 50 {
		t.Errorf("found %d documents, %v, want 50", n, err)
	}
	if code := next.stop(t); code != 0 { // with a client still connected
		t.Errorf("got exit code %d, want 0", code)
	}
}

func TestTheCacheLetsKeysExpireByTheClock(t *testing.T) {
	p := begin(t, prepare(t, "cache", t.TempDir()))
	c := redis.NewClient(&redis.Options{Addr: p.addr["redis"]})
	defer c.Close()
	if err := c.Set(t.Context(), "cart", "full", 100*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Get(t.Context(), "cart").Result(); err != nil || got != "full" {
		t.Errorf("at once: got %q, %v", got, err)
	}
	await.NoError(t, func() error {
		if _, err := c.Get(t.Context(), "cart").Result(); !errors.Is(err, redis.Nil) {
			return fmt.Errorf("it is still there: %w", err)
		}
		return nil
	})
}

func TestTheBooksOfACompanySurviveAKill(t *testing.T) {
	p := begin(t, prepare(t, "card-processor", t.TempDir()))
	form := url.Values{"amount": {"100"}, "currency": {"eur"}, "metadata[order_id]": {"o-1"}}.Encode()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.addr["http"]+"/v1/payment_intents", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("sk_test_embedded", "")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	_, want, err := get("http://" + p.addr["http"] + "/books")
	if err != nil || !strings.Contains(want, "o-1") {
		t.Fatalf("got books %s, %v", want, err)
	}
	p.kill()
	if _, got, err := get("http://" + p.again(t).addr["http"] + "/books"); err != nil || got != want {
		t.Errorf("got books %s, %v\nwant %s", got, err, want)
	}
}
