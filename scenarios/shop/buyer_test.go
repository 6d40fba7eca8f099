package shop

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stormglass/chaos/load"
	"stormglass/internal/ports/portstest"
)

const patient = 5 * time.Second

func TestAVisitOrdersWhatTheCartSaysAndFollowsItToItsEnd(t *testing.T) {
	s := &fakeShop{sells: 100, busy: 3}
	history := s.visit(t, 40, patient)
	for _, o := range history {
		if o.Outcome != load.OK && o.Name != opCancel {
			t.Fatalf("%s: got %s %s, want it to go well", o.Name, o.Outcome, o.Detail)
		}
	}
	checkouts, completions := named(history, opCheckout), named(history, opCompletion)
	if len(checkouts) < 40 || len(checkouts) != len(completions) {
		t.Fatalf("got %d checkouts and %d completions", len(checkouts), len(completions))
	}
	for _, o := range checkouts {
		f := o.Fields
		if o.Key == "" || o.Status != 202 || f["order_id"] == "" || f["user_id"] == "" || f["total"] != f["cart_total"] || f["total"] == "0" || len(f["trace_id"]) != 32 {
			t.Fatalf("checkout: got %+v", o)
		}
	}
	for _, o := range completions {
		if o.Fields["state"] != shipped {
			t.Fatalf("completion: got %+v", o)
		}
	}
	tries := named(history, opTrespass)
	if len(tries) < 4 {
		t.Errorf("got %d tries of another's order", len(tries))
	}
	for _, o := range tries {
		if o.Status != 404 || o.Fields["order_id"] == "" || o.Fields["user_id"] == "" {
			t.Errorf("trespass: got %+v", o)
		}
	}
	for _, name := range []string{opSearch, opView, opCart} {
		if len(named(history, name)) < 40 {
			t.Errorf("%s: got %d", name, len(named(history, name)))
		}
	}
}

func TestSomeCheckoutsAreSentAgainUnderTheSameKey(t *testing.T) {
	s := &fakeShop{sells: 100}
	history := s.visit(t, 100, patient)
	repeats := named(history, opRepeat)
	if len(repeats) < 2 || len(repeats) > 25 {
		t.Errorf("repeats: got %d of 100, want about 10", len(repeats))
	}
	for _, again := range repeats {
		i := slices.IndexFunc(history, func(o load.Operation) bool { return o.Name == opCheckout && o.Key == again.Key })
		if i < 0 || history[i].Fields["order_id"] != again.Fields["order_id"] {
			t.Errorf("repeat %+v: its first try is %d", again, i)
		}
	}
}

func TestACheckoutThatIsNotAnsweredIsUnknownAndSentAgainOnce(t *testing.T) {
	s := &fakeShop{sells: 100, checkout: func(_ http.ResponseWriter, r *http.Request, nth int) bool {
		if nth == 1 {
			<-r.Context().Done() // until the client has left
		}
		return nth == 1
	}}
	history := s.visit(t, 1, 200*time.Millisecond)
	i := slices.IndexFunc(history, func(o load.Operation) bool { return o.Outcome == load.Unknown })
	if i < 0 || history[i].Name != opCheckout || history[i].Status != 0 || history[i].Fields["order_id"] != "" {
		t.Fatalf("history: got %+v, want an unknown checkout", history)
	}
	repeats := slices.DeleteFunc(named(history, opRepeat), func(o load.Operation) bool { return o.Key != history[i].Key })
	if len(repeats) != 1 || repeats[0].Outcome != load.OK || repeats[0].Fields["order_id"] == "" {
		t.Errorf("repeats: got %+v, want one that was accepted", repeats)
	}
	followed := slices.ContainsFunc(named(history, opCompletion), func(o load.Operation) bool { return o.Fields["order_id"] == repeats[0].Fields["order_id"] })
	if !followed {
		t.Error("the order that the repeat was answered with is not followed")
	}
}

func TestARefusedCheckoutIsFailedAndNotSentAgain(t *testing.T) {
	for _, status := range []int{409, 429, 503} {
		s := &fakeShop{sells: 100, checkout: func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			give(w, status, map[string]any{"status": status, "reason": "no", "detail": "not today"})
			return true
		}}
		history := s.visit(t, 5, patient)
		if len(named(history, opRepeat, opCompletion)) > 0 {
			t.Errorf("%d: got repeats or completions", status)
		}
		for _, o := range named(history, opCheckout) {
			if o.Outcome != load.Failed || o.Status != status || !strings.Contains(o.Detail, "not today") {
				t.Errorf("%d: got %+v", status, o)
			}
		}
	}
}

func TestARefusalByWhichTheWriteMayHaveHappenedIsUnknownAndSentAgain(t *testing.T) {
	for status, reason := range map[int]string{504: "timeout", 503: "commit_unknown"} {
		s := &fakeShop{sells: 100, checkout: func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			give(w, status, map[string]any{"status": status, "reason": reason})
			return true
		}}
		history := s.visit(t, 3, patient)
		tries := named(history, opCheckout, opRepeat)
		if len(tries) < 6 || len(named(history, opRepeat)) != len(tries)/2 {
			t.Errorf("%s: got %d tries, want each sent twice", reason, len(tries))
		}
		for _, o := range tries {
			if o.Outcome != load.Unknown || o.Status != status {
				t.Errorf("%s: got %+v, want unknown", reason, o)
			}
		}
	}
}

func TestASoldOutProductStaysOnItsShelf(t *testing.T) {
	history := (&fakeShop{sells: 0}).visit(t, 5, patient)
	if len(named(history, opView)) < 5 || len(named(history, opCheckout)) > 0 {
		t.Errorf("got %d views and %d checkouts, want no checkout of an empty cart", len(named(history, opView)), len(named(history, opCheckout)))
	}
}

func TestWhoFindsNobodyFreeComesAsANewCustomer(t *testing.T) {
	release := make(chan struct{})
	s := &fakeShop{sells: 100, checkout: func(http.ResponseWriter, *http.Request, int) bool { <-release; return false }}
	time.AfterFunc(300*time.Millisecond, func() { close(release) })
	history := s.visit(t, 30, patient)
	newcomers, users := named(history, opRegister), map[string]int{}
	for _, o := range named(history, opCheckout) {
		users[o.Fields["user_id"]]++
	}
	if len(newcomers) < 10 || len(users) < 12+len(newcomers) {
		t.Errorf("got %d registrations and %d different customers", len(newcomers), len(users))
	}
}

func TestErrandsMakeTheShopUndoThings(t *testing.T) {
	s := &fakeShop{sells: 100}
	history := s.visit(t, everyone, patient)
	var antarctica, declined int
	for _, body := range s.bodies {
		if body["address"].(map[string]any)["country"] == "AQ" {
			antarctica++
		}
		if body["card_ref"] == "ref-"+badCard {
			declined++
		}
	}
	if antarctica == 0 || declined == 0 || len(s.cancels) == 0 || len(named(history, opCancel)) != len(s.cancels) {
		t.Errorf("got %d to Antarctica, %d declined, %d regretted", antarctica, declined, len(s.cancels))
	}
}

func TestAnyTwentyVisitsInARowHoldEveryErrand(t *testing.T) {
	for first := range 50 {
		count := map[errand]int{}
		for n := range everyone {
			count[errandOf(first+n)]++
		}
		if len(count) != 5 || count[errandOf(0)] != 15 {
			t.Fatalf("from visit %d: got %v, want 5 kinds, 15 of them plain", first, count)
		}
	}
}

func TestAtTenVisitsASecondASlowChargeIsAlwaysUnderWay(t *testing.T) {
	for last := everyone; last < 2*everyone; last++ {
		underWay := false
		for n := last - 9; n <= last; n++ { // one second; the bank takes half a second longer
			underWay = underWay || errandOf(n).card == slowCard
		}
		if !underWay {
			t.Errorf("no slow card among the visits up to %d", last)
		}
	}
}

func TestAStreamThatBreaksIsOpenedAgain(t *testing.T) {
	s := &fakeShop{sells: 100, stream: func(w http.ResponseWriter, nth int) bool {
		switch nth {
		case 1:
			say(w, "pending")
		case 2:
			give(w, 503, map[string]any{"status": 503})
		case 3:
			say(w, "pending", "confirmed")
		default:
			say(w, "confirmed", "shipped")
		}
		return true
	}}
	c := newClient(s.start(t))
	defer c.close()
	s.owners["o"] = "token"
	var saw []string
	if err := c.follow(t.Context(), "token", "o", func(s orderState) { saw = append(saw, s.State) }); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(saw, " "), "pending pending confirmed confirmed shipped"; got != want {
		t.Errorf("saw %q, want %q", got, want)
	}
}

func TestFollowingAnOrderThatIsNotThereIsFailedAndEndsAtOnce(t *testing.T) {
	s := &fakeShop{sells: 100, stream: func(w http.ResponseWriter, _ int) bool {
		give(w, 404, map[string]any{"status": 404, "reason": "no_such_order"})
		return true
	}}
	history := s.visit(t, 1, patient)
	for _, o := range named(history, opCompletion) {
		if o.Outcome != load.Failed || o.Status != 404 {
			t.Errorf("completion: got %+v, want failed", o)
		}
	}
	if s.streams != len(named(history, opCompletion)) {
		t.Errorf("streams: got %d", s.streams)
	}
}

func TestVisitorsOfOneShopSendDifferentKeys(t *testing.T) {
	keys := map[string]uint64{}
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys[r.Header.Get("Idempotency-Key")]++
		give(w, 201, map[string]any{"access_token": "token", "user_id": "id", "card_ref": "ref"})
	}))
	t.Cleanup(shop.Close)
	for _, seed := range []uint64{1, 2} {
		b := &buyer{client: newClient(shop.URL), seed: seed}
		if _, err := b.register(t.Context(), &load.Operation{}, 1); err != nil {
			t.Fatal(err)
		}
		b.client.close()
	}
	delete(keys, "") // sessions have none
	for key, times := range keys {
		if times != 1 {
			t.Errorf("the key %q was sent %d times", key, times)
		}
	}
	if len(keys) != 8 { // an account and three cards each
		t.Errorf("got %d keys, want 8", len(keys))
	}
}

func TestAShopWithSeveralDoorsIsEnteredByEachAndByThoseThatAreOpen(t *testing.T) {
	var came [2]atomic.Int64
	var doors []string
	for i := range came {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			came[i].Add(1)
			w.Header().Set("Connection", "close")
		}))
		t.Cleanup(s.Close)
		doors = append(doors, s.Listener.Addr().String())
	}
	doors = append(doors, portstest.Refusing(t))
	c := newClient("http://"+doors[2], doors...)
	for range 6 {
		if err := c.do(t.Context(), &load.Operation{}, request{method: http.MethodGet, path: "/"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := came[0].Load(), came[1].Load(); a+b != 6 || a < 2 || b < 2 {
		t.Errorf("%d and %d came through the open doors, want all 6, and 2 at least by each", a, b)
	}
}

func TestADoorThatSendsItsVisitorsAwayIsAvoided(t *testing.T) {
	var came [2]atomic.Int64
	var doors []string
	for i := range came {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if came[i].Add(1); i == 0 {
				w.Header().Set("Connection", "close")
			}
		}))
		t.Cleanup(s.Close)
		doors = append(doors, s.Listener.Addr().String())
	}
	c := newClient("http://"+doors[0], doors...)
	t.Cleanup(c.close)
	for range 10 {
		if err := c.do(t.Context(), &load.Operation{}, request{method: http.MethodGet, path: "/"}, nil); err != nil {
			t.Fatal(err)
		}
		c.close() // the next one dials
	}
	if a, b := came[0].Load(), came[1].Load(); a > 3 || a < 1 || a+b != 10 { // it is tried again only after leavesFor
		t.Errorf("%d went in by the door that is closing and %d by the other", a, b)
	}
}

func TestARandomNameNeverLooksLikeACardNumber(t *testing.T) {
	for random, want := range map[uint64]string{0x4242424242424242: "kikikikikikikiki", 0: "gggggggggggggggg", 0x0123456789abcdef: "ghijklmnopabcdef"} {
		if got := spelled(random); got != want {
			t.Errorf("%x: got %s, want %s", random, got, want)
		}
	}
}
