package e2e

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"

	"stormglass/internal/await"
)

// The processor's tokens that the tests pay with.
const (
	goodCard     = "pm_card_visa"
	declinedCard = "pm_card_visa_chargeDeclined"
	slowCard     = "pm_card_slow"
	retryCard    = "pm_card_needsRetry"
)

// lamp is a product of the catalogue.
const lamp = "bedside-lamp-arc-0035"

const password = "correct horse battery staple 7"

// customer is somebody with an account and a session.
type customer struct {
	*shop
	email, phone, name, id, token, refresh string
}

// amount is money as the public API writes it.
type amount struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

type cart struct {
	Version int64
	Items   []struct {
		ProductID string `json:"product_id"`
		Quantity  int64
	}
	Total amount
}

type address struct {
	Name     string `json:"name"`
	Street   string `json:"street"`
	Postcode string `json:"postcode"`
	City     string `json:"city"`
	Country  string `json:"country"`
}

// basket is the body of POST /v1/orders.
type basket struct {
	Version int64   `json:"cart_version"`
	Total   amount  `json:"expected_total"`
	Address address `json:"address"`
	CardRef string  `json:"card_ref"`
}

type order struct {
	ID, State, Reason string
	Total             amount
}

// orderPage is an order with what payment and shipping know of it.
type orderPage struct {
	Order   order
	Payment *struct {
		State, Reason string
		Amount        amount
	}
	Shipment *struct {
		State          string
		Carrier        string
		TrackingNumber string `json:"tracking_number"`
	}
	Degraded []string
}

// customer registers somebody and logs them in.
func (s *shop) customer(name string) *customer {
	s.t.Helper()
	someone := strings.ToLower(rand.Text())
	c := &customer{shop: s, name: name, email: someone + "@example.com", phone: "+49" + digits(someone)}
	s.ask(request{method: http.MethodPost, path: "/v1/users", key: "register-" + rand.Text(), body: map[string]string{
		"email": c.email, "password": password, "name": name, "phone": c.phone,
	}}).must(s.t, http.StatusCreated, nil)
	c.logIn()
	return c
}

// digits makes ten digits of a random text.
func digits(text string) string {
	sum := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%010d", binary.BigEndian.Uint64(sum[:])%1e10)
}

func (c *customer) logIn() {
	c.t.Helper()
	var session struct {
		UserID       string `json:"user_id"`
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	c.ask(request{method: http.MethodPost, path: "/v1/sessions", body: map[string]string{"email": c.email, "password": password}}).
		must(c.t, http.StatusCreated, &session)
	c.id, c.token, c.refresh = session.UserID, session.AccessToken, session.RefreshToken
}

// card trades a token of the processor for a reference to pay with.
func (c *customer) card(token string) string {
	c.t.Helper()
	var card struct {
		Ref string `json:"card_ref"`
	}
	c.ask(request{method: http.MethodPost, path: "/v1/cards", token: c.token, key: "card-" + rand.Text(), body: map[string]string{"token": token}}).
		must(c.t, http.StatusCreated, &card)
	return card.Ref
}

// fill puts so many of a product into the cart.
func (c *customer) fill(product string, quantity int) cart {
	c.t.Helper()
	var filled cart
	c.ask(request{method: http.MethodPut, path: "/v1/cart/items/" + product, token: c.token, body: map[string]int{"quantity": quantity}}).
		must(c.t, http.StatusOK, &filled)
	return filled
}

// basket fills the cart with one lamp, and gives what an order of it says.
func (c *customer) basket(cardToken string) basket {
	c.t.Helper()
	filled := c.fill(lamp, 1)
	return basket{
		Version: filled.Version, Total: filled.Total, CardRef: c.card(cardToken),
		Address: address{Name: c.name, Street: "Harbour Road 7", Postcode: "20457", City: "Hamburg", Country: "DE"},
	}
}

// place orders what is in the basket; it must be accepted.
func (c *customer) place(b basket) order {
	c.t.Helper()
	var o order
	c.ask(request{method: http.MethodPost, path: "/v1/orders", token: c.token, key: "order-" + rand.Text(), body: b}).
		must(c.t, http.StatusAccepted, &o)
	return o
}

// page reads an order.
func (c *customer) page(id string) orderPage {
	c.t.Helper()
	var p orderPage
	c.ask(request{method: http.MethodGet, path: "/v1/orders/" + id, token: c.token}).must(c.t, http.StatusOK, &p)
	return p
}

// await waits until an order is in a state, and gives its page then.
func (c *customer) await(id, state string) (p orderPage) {
	c.t.Helper()
	await.NoError(c.t, func() error {
		if p = c.page(id); p.Order.State != state {
			return fmt.Errorf("order %s is %s (%s), want %s", id, p.Order.State, p.Order.Reason, state)
		}
		return nil
	})
	return p
}
