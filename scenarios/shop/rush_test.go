package shop

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"stormglass/chaos/load"
)

func TestEverybodyOfARushComesOnceWithAFullCart(t *testing.T) {
	shop := fakeShop{sells: 5}
	url := shop.start(t)
	r := &rush{wants: everyday(), ends: shipped, tries: 1}
	const crowd = 6
	if err := r.Prepare(t.Context(), load.Target{BaseURL: url, Seed: 3, Visits: crowd}); err != nil {
		t.Fatal(err)
	}
	history := visits(t, r, crowd+1)
	buyers := map[string]bool{}
	for _, o := range history {
		if o.Name == opCheckout && o.Outcome == load.OK {
			buyers[o.Fields["user_id"]] = true
		}
	}
	if len(buyers) != crowd {
		t.Errorf("%d customers ordered, want %d", len(buyers), crowd)
	}
	if !slices.ContainsFunc(history, func(o load.Operation) bool { return o.Name == opNobodyFree }) {
		t.Error("one visit more than there are customers was not told apart")
	}
}

// visits lets a shopper make some visits and gives what was noted.
func visits(t *testing.T, s load.Shopper, n int) []load.Operation {
	t.Helper()
	recorder := load.NewRecorder(discard{})
	g := load.Start(t.Context(), load.Options{Shopper: s, Rate: 1000, Visits: n, Seed: 1, Recorder: recorder})
	<-g.Ended()
	g.Stop(t.Context())
	return recorder.History()
}

// discard takes a history and keeps nothing of it.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func TestARefusalKnowsWhenToComeBack(t *testing.T) {
	for _, c := range []struct {
		header string
		want   time.Duration
	}{{"2", 2 * time.Second}, {"", 0}, {"soon", 0}} {
		answer := &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {c.header}}}
		if no := refused(answer, []byte(`{"reason":"overloaded"}`)); no.After != c.want || !no.turnedAway() {
			t.Errorf("Retry-After %q: got %v, turned away %v; want %v, true", c.header, no.After, no.turnedAway(), c.want)
		}
	}
}

func TestALostAnswerToARefreshIsAskedForAgainWithTheSameToken(t *testing.T) {
	var mu sync.Mutex
	var sent []string
	server := serve(t, func(w http.ResponseWriter, token string) {
		mu.Lock()
		defer mu.Unlock()
		if sent = append(sent, token); len(sent) == 1 {
			give(w, http.StatusGatewayTimeout, map[string]any{"status": 504, "reason": "timeout"})
			return
		}
		give(w, http.StatusOK, map[string]any{"access_token": "new", "refresh_token": "next"})
	})
	b := &buyer{client: newClient(server)}
	who := &customer{token: "old", refresh: "first"}
	recorder := load.NewRecorder(discard{})
	g := load.Start(t.Context(), load.Options{Shopper: renewing{b, who}, Rate: 1000, Visits: 1, Seed: 1, Recorder: recorder})
	<-g.Ended()
	g.Stop(t.Context())
	if want := []string{"first", "first"}; !slices.Equal(sent, want) || who.token != "new" || who.refresh != "next" {
		t.Errorf("sent %q and holds %+v, want %q and the new pair", sent, who, want)
	}
	history := recorder.History()
	if len(history) != 2 || history[0].Outcome != load.Unknown || history[1].Name != opRefreshRepeat {
		t.Errorf("got history %+v", history)
	}
}

// serve is a shop that only refreshes.
func serve(t *testing.T, refresh func(w http.ResponseWriter, token string)) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Token string `json:"refresh_token"`
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		refresh(w, body.Token)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// renewing is a shopper who does nothing but refresh.
type renewing struct {
	b   *buyer
	who *customer
}

func (r renewing) Prepare(context.Context, load.Target) error { return nil }

func (r renewing) Visit(ctx context.Context, v *load.Visit) { r.b.renew(ctx, v, r.who) }
