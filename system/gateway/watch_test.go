package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"stormglass/internal/await"
	orderv1 "stormglass/system/api/order/v1"
	"stormglass/system/platform/problem"
)

// viewer reads one stream of events as a client.
type viewer struct {
	t     *testing.T
	lines *bufio.Scanner
	resp  *http.Response
}

func (d *desk) watch(t *testing.T) *viewer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", d.url+"/v1/orders/"+theOrder+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+d.token("u1"))
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("got %d %q", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	return &viewer{t, bufio.NewScanner(resp.Body), resp}
}

// next gives the next line that begins with one of the prefixes, or "" at the end.
func (v *viewer) next(prefixes ...string) string {
	v.t.Helper()
	for v.lines.Scan() {
		for _, prefix := range prefixes {
			if strings.HasPrefix(v.lines.Text(), prefix) {
				return v.lines.Text()
			}
		}
	}
	if err := v.lines.Err(); err != nil {
		v.t.Fatalf("read events: %v", err)
	}
	return ""
}

func (v *viewer) wantState(want string) {
	v.t.Helper()
	if got := v.next("event:"); got != "event: state" {
		v.t.Fatalf("got %q, want event: state", got)
	}
	var data struct {
		OrderID string `json:"order_id"`
		State   string
	}
	line := strings.TrimPrefix(v.next("data:"), "data: ")
	if err := json.Unmarshal([]byte(line), &data); err != nil || data.State != want || data.OrderID != theOrder {
		v.t.Fatalf("got %q (%v), want state %s", line, err, want)
	}
}

func TestStreamTellsEachStateAndEndsAfterTheLast(t *testing.T) {
	d := newDesk(t)
	v := d.watch(t)
	v.wantState("pending")
	d.fakes.changes <- orderv1.State_STATE_CONFIRMED
	v.wantState("confirmed")
	d.fakes.changes <- orderv1.State_STATE_SHIPPED
	v.wantState("shipped")
	if rest := v.next("event:", "data:"); rest != "" {
		t.Errorf("got %q after the final state", rest)
	}
}

func TestStreamOutlivesTheOrderServiceBehindIt(t *testing.T) {
	d := newDesk(t)
	v := d.watch(t)
	v.wantState("pending")
	d.fakes.away("order", true)
	d.fakes.changes <- orderv1.State_STATE_UNSPECIFIED // the stream breaks
	await.True(t, "attempts to open the stream again", func() bool { return d.fakes.called("WatchOrder") >= 3 })
	d.fakes.away("order", false)
	d.fakes.changes <- orderv1.State_STATE_SHIPPED
	v.wantState("shipped") // and pending not a second time
}

func TestSilentStreamBeats(t *testing.T) {
	d := newDesk(t, func(s *settings) { s.live.Heartbeat = 20 * time.Millisecond })
	v := d.watch(t)
	v.wantState("pending")
	for range 2 {
		if got := v.next(":"); got != ": still here" {
			t.Errorf("got %q, want a heartbeat", got)
		}
	}
}

func TestStreamOutlivesTheLimitOnReading(t *testing.T) {
	d := newDesk(t, func(s *settings) { s.live.Heartbeat, s.read = 50*time.Millisecond, 100*time.Millisecond })
	v := d.watch(t)
	v.wantState("pending")
	for range 5 {
		v.next(":")
	}
	d.fakes.changes <- orderv1.State_STATE_SHIPPED
	v.wantState("shipped")
}

func TestStreamsEndWhenTheGatewayStops(t *testing.T) {
	d := newDesk(t)
	v := d.watch(t)
	v.wantState("pending")
	d.door.streams.stop()
	if got := v.next("event:"); got != "" {
		t.Errorf("got %q after the stop", got)
	}
}

func TestStreamsHavePlacesOfTheirOwn(t *testing.T) {
	d := newDesk(t, func(s *settings) { s.places = placeSettings{Requests: 1, Streams: 1} })
	v := d.watch(t)
	v.wantState("pending")
	d.send(request{path: "/v1/cart", token: d.token("u1")}).want(t, 200)
	wantProblem(t, d.send(request{path: "/v1/orders/" + theOrder + "/events", token: d.token("u1")}), 503, "overloaded")
}

func TestOrderThatCannotBeWatchedIsAProblem(t *testing.T) {
	d := newDesk(t)
	d.fakes.away("order", true)
	wantProblem(t, d.send(request{path: "/v1/orders/" + theOrder + "/events", token: d.token("u1")}), 503, "unavailable")
}

// silentOrders never tell anything.
type silentOrders struct{ orderv1.OrderServiceClient }

func (silentOrders) WatchOrder(ctx context.Context, _ *orderv1.WatchOrderRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[orderv1.WatchOrderResponse], error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestSilentOrderServiceIsATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch{orders: silentOrders{}, ctx: t.Context(), id: theOrder}
		start := time.Now()
		if err := w.open(); problem.CodeOf(err) != problem.Timeout {
			t.Errorf("got %v, want a time-out", err)
		}
		if took := time.Since(start); took != firstState {
			t.Errorf("took %v, want %v", took, firstState)
		}
	})
}
