package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"stormglass/chaos/cell"
	"stormglass/internal/await"
)

// doubled are the services of which there are two; the gateway is the address that a client has, so there is one.
func doubled() []string {
	return []string{"order", "inventory", "payment", "shipping", "notification", "user", "product", "cart"}
}

// TestAnyInstanceMayDie runs two of each service under light load and kills one of each in turn. Clients repeat an order
// whose answer did not come, under the same key, as they should.
func TestAnyInstanceMayDie(t *testing.T) {
	s := open(t, func(o *cell.Options) {
		o.Instances = map[string]int{}
		for _, service := range doubled() {
			o.Instances[service] = 2
		}
		all(with("gateway", "RATE_LIMIT_USER", "10000"),
			// How long the work of the dead waits for the living.
			with("payment", "CHARGE_LEASE", "5s"), with("shipping", "BOOKING_LEASE", "5s"), with("notification", "MESSAGE_LEASE", "5s"))(o)
	})
	goods := s.shelf(func(row stock) bool { return row.Available > 800 }).Product // enough for everybody
	shoppers := make([]*customer, 4)
	cards := make([]string, len(shoppers))
	for i := range shoppers {
		shoppers[i] = s.customer(fmt.Sprint("Shopper ", i))
		cards[i] = shoppers[i].card(goodCard)
	}

	stop := make(chan struct{})
	accepted := make([]map[string]string, len(shoppers)) // order by its key
	var shopping sync.WaitGroup
	for i, c := range shoppers {
		accepted[i] = map[string]string{}
		shopping.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				key := fmt.Sprintf("order-%d-of-%d", n, i)
				if id := c.buy(goods, key, cards[i]); id != "" {
					accepted[i][key] = id
				}
			}
		})
	}
	for _, service := range doubled() {
		p := s.process(service + "-1")
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
		time.Sleep(300 * time.Millisecond) // the load of this while is carried by the other instance alone
		if err := p.Restart(t.Context()); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	shopping.Wait()

	orders := map[string]string{} // key by order
	for _, mine := range accepted {
		for key, id := range mine {
			if other, twice := orders[id]; twice {
				t.Errorf("order %s was given for the keys %s and %s", id, other, key)
			}
			orders[id] = key
		}
	}
	if len(orders) < 20 {
		t.Errorf("%d orders were accepted: that is no load", len(orders))
	}
	t.Logf("%d orders", len(orders))
	s.allShipped(orders)
}

// allShipped waits until every accepted order is shipped, and checks that each was charged and sent exactly once.
func (s *shop) allShipped(accepted map[string]string) {
	s.t.Helper()
	await.NoError(s.t, func() error {
		state, reasons := map[string]string{}, map[string]string{}
		for _, o := range rows[order](s, "order", "orders") {
			state[o.ID], reasons[o.ID] = o.State, o.Reason
		}
		for id, key := range accepted {
			if state[id] == "cancelled" {
				s.t.Fatalf("order %s (%s) was cancelled: %s", id, key, reasons[id])
			}
			if state[id] != "shipped" {
				return fmt.Errorf("order %s (%s) is %q", id, key, state[id])
			}
		}
		return nil
	})
	s.settle()
	charges, parcels := map[string]int{}, map[string]int{}
	for _, i := range s.charges("") {
		if i.kept() > 0 {
			charges[i.OrderID]++
		}
	}
	for _, p := range s.parcels("") {
		parcels[p.OrderID]++
	}
	for id, key := range accepted {
		if charges[id] != 1 || parcels[id] != 1 {
			s.t.Errorf("order %s (%s): charged %d times and sent %d times, want once each", id, key, charges[id], parcels[id])
		}
	}
	if len(charges) != len(accepted) || len(parcels) != len(accepted) {
		s.t.Errorf("%d orders were charged and %d sent, want the %d accepted ones", len(charges), len(parcels), len(accepted))
	}
}

// buy fills the cart and orders, and bears with answers that do not come. It gives the order's id, or "" when it was
// never accepted.
func (c *customer) buy(product, key, card string) string {
	var filled cart
	a, err := c.tryAsk(request{method: http.MethodPut, path: "/v1/cart/items/" + product, token: c.token, body: map[string]int{"quantity": 1}})
	if err != nil || a.status != http.StatusOK {
		return ""
	}
	if json.Unmarshal(a.body, &filled) != nil {
		return ""
	}
	b := basket{Version: filled.Version, Total: filled.Total, CardRef: card, Address: address{c.name, "Harbour Road 7", "20457", "Hamburg", "DE"}}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		a, err := c.tryAsk(request{method: http.MethodPost, path: "/v1/orders", token: c.token, key: key, body: b})
		switch {
		case err == nil && a.status == http.StatusAccepted:
			var o order
			_ = json.Unmarshal(a.body, &o) // an order without an id is not accepted
			return o.ID
		case err == nil && a.status < 500:
			return ""
		}
	}
	return ""
}
