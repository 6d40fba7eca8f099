package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"stormglass/chaos/observe"
	"stormglass/internal/await"
)

// everybody are the services that a checkout passes, the processor with its old tracing client among them.
func everybody() []string {
	return []string{"gateway", "order", "cart", "product", "inventory", "payment", "shipping", "notification", "card-processor"}
}

func TestOneCheckoutIsOneTraceFromTheClientToTheMail(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	c := s.customer("Ada Lovelace")
	b := c.basket(goodCard)
	s.settle() // the registration's own letters are another story

	const trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	const correlation = "checkout-of-ada"
	var o order
	a := s.ask(request{
		method: http.MethodPost, path: "/v1/orders", body: b, header: http.Header{
			"Authorization": {"Bearer " + c.token}, "Idempotency-Key": {"the-only-one"},
			"Traceparent": {"00-" + trace + "-" + parent + "-01"}, "X-Correlation-Id": {correlation},
		},
	}).must(t, http.StatusAccepted, &o)
	if got := a.header.Get("X-Trace-Id"); got != trace {
		t.Errorf("X-Trace-Id: got %q, want the client's own trace %s", got, trace)
	}
	if got := a.header.Get("X-Correlation-Id"); got != correlation {
		t.Errorf("X-Correlation-Id: got %q, want %q", got, correlation)
	}
	// Nothing else asks in this trace: the order is followed by its audit and the books.
	await.NoError(t, func() error {
		if len(s.parcels(o.ID)) == 0 {
			return fmt.Errorf("no parcel yet")
		}
		return nil
	})
	told(t, s, c, 4, 2)
	s.settle()
	letters := s.mail(c.email)
	s.close() // sends the last spans

	spans := s.seen.Trace(trace)
	wholeTree(t, spans, parent)
	everyServiceTookPart(t, spans)
	theBrokerIsInTheMiddle(t, spans)
	legacySpansJoin(t, spans)
	lettersBelongToTheTrace(t, spans, letters)
	logsShare(t, s, correlation, trace)
}

// wholeTree checks that every span but the first has its parent in the trace, and that the first one's is the client.
func wholeTree(t *testing.T, spans []observe.Span, client string) {
	t.Helper()
	byID := map[string]observe.Span{}
	for _, span := range spans {
		byID[span.SpanID] = span
	}
	roots := 0
	for _, span := range spans {
		if span.ParentID == client {
			roots++
			if span.Service != "gateway" || span.Name != "POST /v1/orders" {
				t.Errorf("the client's own child is %s of %s, want the gateway's request", span.Name, span.Service)
			}
			continue
		}
		if _, there := byID[span.ParentID]; !there {
			t.Errorf("%s of %s has the parent %q, which nobody sent", span.Name, span.Service, span.ParentID)
		}
	}
	if roots != 1 {
		t.Errorf("got %d spans below the client, want 1", roots)
	}
	if t.Failed() {
		t.Log(tree(spans, client, ""))
	}
}

// tree shows a trace.
func tree(spans []observe.Span, parent, indent string) string {
	var text strings.Builder
	for _, span := range spans {
		if span.ParentID == parent {
			fmt.Fprintf(&text, "%s%s: %s (%s, %v)\n%s", indent, span.Service, span.Name, span.Kind, span.End.Sub(span.Start), tree(spans, span.SpanID, indent+"  "))
		}
	}
	return text.String()
}

func everyServiceTookPart(t *testing.T, spans []observe.Span) {
	t.Helper()
	services := map[string]int{}
	for _, span := range spans {
		services[span.Service]++
	}
	for _, name := range everybody() {
		if services[name] == 0 {
			t.Errorf("no span of %s in the trace; got %v", name, services)
		}
	}
}

// theBrokerIsInTheMiddle checks that every event of the order was published and taken in this trace.
func theBrokerIsInTheMiddle(t *testing.T, spans []observe.Span) {
	t.Helper()
	sent, taken := map[string]bool{}, map[string]bool{}
	for _, span := range spans {
		for _, e := range []string{"order.created.v1", "stock.reserved.v1", "payment.completed.v1", "order.confirmed.v1", "shipment.dispatched.v1"} {
			if strings.Contains(span.Name, e) {
				sent[e] = sent[e] || span.Kind == "producer"
				taken[e] = taken[e] || span.Kind == "consumer"
			}
		}
	}
	for _, got := range []struct {
		what   string
		events map[string]bool
	}{{"producer", sent}, {"consumer", taken}} {
		events := slices.Sorted(maps.Keys(got.events))
		for _, e := range events {
			if !got.events[e] {
				t.Errorf("%s has no %s span", e, got.what)
			}
		}
		if len(events) != 5 {
			t.Errorf("%s spans of %v, want all five events of an order that goes well", got.what, events)
		}
	}
}

func legacySpansJoin(t *testing.T, spans []observe.Span) {
	t.Helper()
	legacy := 0
	for _, span := range spans {
		if (span.Source == observe.SourceJaeger) != (span.Service == "card-processor") {
			t.Errorf("%s of %s came by %s", span.Name, span.Service, span.Source)
		}
		if span.Source == observe.SourceJaeger {
			legacy++
		}
	}
	if legacy < 2 {
		t.Errorf("got %d spans of the old client, want at least those of creating and of confirming the charge", legacy)
	}
}

// lettersBelongToTheTrace checks that the trace has the sending of each message, by its id.
func lettersBelongToTheTrace(t *testing.T, spans []observe.Span, letters []letter) {
	t.Helper()
	sent := map[string]bool{}
	for _, span := range spans {
		sent[span.Attrs["messaging.message.id"]] = true
	}
	found := 0
	for _, l := range letters {
		event, _, _ := strings.Cut(l.MessageID, "@")
		if sent[event+".email"] {
			found++
		}
	}
	if found != 3 {
		t.Errorf("the trace holds the sending of %d of %v, want confirmation, receipt and dispatch", found, subjects(letters))
	}
}

// logsShare checks that each service that logs at all of this checkout does so under its correlation id and its trace.
func logsShare(t *testing.T, s *shop, correlation, trace string) {
	t.Helper()
	lines, err := observe.Logs(s.dir, observe.LogMatch{CorrelationID: correlation})
	if err != nil {
		t.Fatal(err)
	}
	services := map[string]bool{}
	for _, line := range lines {
		services[unitOf(line.Instance)] = true
		if line.TraceID != trace {
			t.Errorf("%s logs %q under trace %q, want %s", line.Instance, line.Message, line.TraceID, trace)
		}
	}
	for _, name := range []string{"gateway", "order", "inventory", "payment", "shipping", "notification"} {
		if !services[name] {
			t.Errorf("no log line of %s under the checkout's correlation id; got %v", name, slices.Sorted(maps.Keys(services)))
		}
	}
}
