package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// watch reads an order's events until the shop ends the stream, and gives the states in them.
func (c *customer) watch(id string) (states []string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.Public()+"/v1/orders/"+id+"/events", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.web.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || got != "text/event-stream" {
		c.t.Fatalf("got %d %s, want an event stream", resp.StatusCode, got)
	}
	name := ""
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if word, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = word
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e struct {
			OrderID string `json:"order_id"`
			State   string
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil || name != "state" || e.OrderID != id {
			c.t.Errorf("event %q: %s (%v), want a state of order %s", name, data, err, id)
		}
		states = append(states, e.State)
	}
	return states
}

func TestAnOrderIsWatchedToItsEndAndTheStreamEnds(t *testing.T) {
	t.Parallel()
	s := open(t, with("carrier", "DISPATCH_AFTER", "300ms"))
	c := s.customer("Ada Lovelace")
	resume := pause(t, s, "inventory-1") // so that the first state is seen
	o := c.place(c.basket(goodCard))
	time.AfterFunc(200*time.Millisecond, resume)
	if got, want := c.watch(o.ID), []string{"pending", "confirmed", "shipped"}; !slices.Equal(got, want) {
		t.Errorf("states: got %v, want %v", got, want)
	}
	if got, want := c.watch(o.ID), []string{"shipped"}; !slices.Equal(got, want) {
		t.Errorf("states of an order that is over: got %v, want %v", got, want)
	}
}
