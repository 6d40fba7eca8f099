package shop

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
	"stormglass/chaos/verdict"
)

// traced is a folder of a world whose orders left traces.
func traced(t *testing.T, w *world, spans ...observe.Span) *evidence.Folder {
	t.Helper()
	f := w.folder(t)
	file, err := os.Create(filepath.Join(f.Dir, "traces.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, s := range spans {
		if err := json.NewEncoder(file).Encode(s); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// span is one of trace t1, so long after the fault struck.
func span(id, service, kind, name string, after time.Duration, attrs ...string) observe.Span {
	s := observe.Span{TraceID: "t1", SpanID: id, Name: name, Service: service, Kind: kind, Start: struckAt.Add(after), End: struckAt.Add(after + time.Millisecond), Attrs: map[string]string{}}
	for i := 0; i < len(attrs); i += 2 {
		s.Attrs[attrs[i]] = attrs[i+1]
	}
	return s
}

// lines are a timeline as people read it.
func lines(told verdict.Timeline) string {
	var text strings.Builder
	for _, m := range told.Moments {
		fmt.Fprintf(&text, "%+.3f %s: %s\n", m.At.Sub(told.ZeroAt).Seconds(), m.Where, m.What)
	}
	return text.String()
}

func mustTell(t *testing.T, f *evidence.Folder, about string) verdict.Timeline {
	t.Helper()
	told, err := timeline(f, about)
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// twiceCharged is a world in which inventory died, an event came again, and the customer paid twice.
func twiceCharged(t *testing.T) *evidence.Folder {
	w := wellEnded()
	w.pay("o-shipped", "completed", 1000, 0)
	for i := range w.intents {
		w.intents[i]["currency"], w.intents[i]["created_at"] = "eur", struckAt.Add(time.Duration(i)*time.Millisecond)
	}
	w.add("order", "outbox", row{"id": "event-1", "type": "order.created.v1", "key": "o-shipped", "time_us": begin.UnixMicro(), "sent_us": 2})
	w.add("inventory", "inbox", row{"queue": "q.inventory", "event_id": "event-1", "type": "order.created.v1", "applied_us": struckAt.Add(-time.Millisecond).UnixMicro()})
	w.mail("event-1", struckAt.Add(2*time.Second))
	w.log = append(w.log, `{"level":"info","order_id":"o-shipped","state":"confirmed","time":"2026-05-01T12:00:05Z","message":"order moved"}`)
	event := []string{"messaging.message.id", "event-1", "messaging.destination.name", "order.created.v1"}
	return traced(t, w,
		span("1", "gateway", "server", "POST /v1/orders", -4*time.Second, "http.response.status_code", "202"),
		span("2", "order", "client", "create order", -4*time.Second, "peer.service", "order-db", "db.system.name", "sqlite"),
		span("3", "order", "producer", "send order.created.v1", -3*time.Second, event...),
		span("4", "inventory", "consumer", "process order.created.v1", time.Second, event...),
		span("5", "card-processor", "server", "POST /v1/refunds", time.Second, "http.status_code", "200"),
	)
}

func TestATimelineTellsOfAnOrderByAllItsWitnesses(t *testing.T) {
	f := twiceCharged(t)
	check := chargedOnce
	broken, err := check(f)
	if err != nil {
		t.Fatal(err)
	}
	told := mustTell(t, f, broken.Broken[0])
	if told.Object != "order o-shipped" {
		t.Errorf("got %s for %q, want order o-shipped", told.Object, broken.Broken[0])
	}
	got := lines(told)
	for _, want := range []string{
		"-4.000 customer: checkout of a cart over 10.00 , with key k1",
		"customer: the same checkout again: ok, 202",
		"another customer: tries events of this order: ok, 404",
		"-4.000 gateway: POST /v1/orders → 202, 1.0 ms",
		"-4.000 order-db: order: create order, 1.0 ms",
		"-4.000 order outbox: keeps order.created …vent-1, to be sent",
		"-2.999 broker: confirms order.created …vent-1 to order",
		"-0.001 inventory inbox: records order.created …vent-1; no span tells that it went well",
		"+0.000 FAULT: broker: ",
		"+1.000 inventory: gets order.created …vent-1 ONCE MORE",
		"+1.000 card-processor: POST /v1/refunds → 200",
		"+1.000 order: order moved: state confirmed",
		"+0.000 card-processor book: a charge over 10.00 EUR is begun\n",
		"+0.007 card-processor book: a charge over 10.00 EUR is begun (FOR THE 2ND TIME)",
		"+2.000 mailbox: receives e-mail",
		"in the end: order's table orders: shipped",
		"in the end: payment's table payments: completed",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant in it %q", got, want)
		}
	}
}

func TestEveryIdThatBelongsToAnOrderLeadsToIt(t *testing.T) {
	f := twiceCharged(t)
	for _, about := range []string{"o-shipped", "k1", "event-1", "event-1.email", "pi-o-shipped", "order o-shipped, and no other, is lost", ""} {
		if told := mustTell(t, f, about); told.Object != "order o-shipped" {
			t.Errorf("%q: got %s, want order o-shipped", about, told.Object)
		}
	}
	if _, err := timeline(f, "nobody is named here"); !errors.Is(err, verdict.ErrUnknownObject) {
		t.Errorf("got %v, want ErrUnknownObject", err)
	}
}

func TestAProductsTimelineTellsWhatBecameOfItsPieces(t *testing.T) {
	w := wellEnded()
	w.log = append(w.log, `{"level":"info","order_id":"o-shipped","state":"reserved","time":"2026-05-01T12:00:05Z","message":"reservation moved"}`)
	product := w.audits["inventory"]["stock"][0]["product_id"].(string)
	got := lines(mustTell(t, traced(t, w), product+" is below zero: 1, 2, 3"))
	for _, want := range []string{"the 1 reserved for order o-shipped: state reserved", "inventory's table reservations: 1 pieces committed", "1 sold"} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant in it %q", got, want)
		}
	}
}

func TestTheSameEvidenceTellsTheSameStory(t *testing.T) {
	f := twiceCharged(t)
	if first, again := lines(mustTell(t, f, "o-shipped")), lines(mustTell(t, f, "o-shipped")); first != again {
		t.Errorf("got\n%s\nand then\n%s", first, again)
	}
}
