package shop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"stormglass/chaos/load"
)

// repeatPercent is the share of accepted checkouts that are sent again, as clients do that never saw the answer.
const repeatPercent = 10

// askAgain is the pause of a patient shopper who got no answer.
const askAgain = time.Second

// amount is money as the public API writes it.
type amount struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

type cart struct {
	Version int64 `json:"version"`
	Items   []struct {
		ID       string `json:"product_id"`
		Quantity int64  `json:"quantity"`
	} `json:"items"`
	Total amount `json:"total"`
}

// text writes the lines of a cart into one field of the history: product:quantity, with blanks between them.
func (c cart) text() string {
	lines := make([]string, len(c.Items))
	for i, item := range c.Items {
		lines[i] = fmt.Sprintf("%s:%d", item.ID, item.Quantity)
	}
	return strings.Join(lines, " ")
}

// purchase is one visit's way from the cart to the order's end.
type purchase struct {
	buyer  *buyer
	visit  *load.Visit
	who    *customer
	errand errand
	late   time.Duration // by how much the visit began late, which its checkout counts as its own
	cart   cart
	key    string
	id     string        // of the order, once it is accepted
	comeAt time.Duration // how long to wait before asking again; 0 when the last answer was the last word
}

// order checks out. An answer that never came is asked for again once, and some answers that did come are, too.
func (p *purchase) order(ctx context.Context) (accepted bool) {
	p.key = fmt.Sprintf("visit-%d-%s", p.visit.Number, spelled(p.visit.Rand.Uint64()))
	again := p.visit.Rand.IntN(100) < repeatPercent
	outcome := p.checkout(ctx, opCheckout)
	if outcome == load.Unknown || outcome == load.OK && again {
		p.checkout(ctx, opRepeat)
	}
	return p.id != ""
}

// checkout sends the order once. An answer that says that nobody knows is as good as none.
func (p *purchase) checkout(ctx context.Context, name string) (outcome load.Outcome) {
	_ = p.visit.Do(ctx, name, func(ctx context.Context, op *load.Operation) error {
		op.Intended = op.Start.Add(-p.late)
		op.Key = p.key
		op.Set("user_id", p.who.id)
		op.Set("cart_total", strconv.FormatInt(p.cart.Total.Minor, 10))
		op.Set("currency", p.cart.Total.Currency)
		op.Set("ends", p.errand.ends)
		var order struct {
			ID, State string
			Total     amount
		}
		err := p.buyer.client.do(ctx, op, p.request(), &order)
		p.comeAt = 0
		if no, ok := errors.AsType[*refusal](err); ok && no.turnedAway() {
			p.comeAt = max(no.After, comeBack)
		}
		if outcome = op.Outcome; outcome == "" {
			outcome = load.Classify(err, op.Status)
		}
		if outcome == load.Unknown {
			p.comeAt = askAgain
		}
		if err != nil {
			return err
		}
		op.Set("order_id", order.ID)
		op.Set("total", strconv.FormatInt(order.Total.Minor, 10))
		op.Set("state", order.State)
		p.id = order.ID
		return nil
	})
	return outcome
}

// orderAgain sends the ordered cart once more, under another key. The refusal that names the first order is what the shop owes,
// and no failure.
func (p *purchase) orderAgain(ctx context.Context) {
	_ = p.visit.Do(ctx, opOtherKey, func(ctx context.Context, op *load.Operation) error {
		op.Key = p.key + "-tab"
		op.Set("user_id", p.who.id)
		op.Set("first_order", p.id)
		r := p.request()
		r.key = op.Key
		var order struct{ ID string }
		err := p.buyer.client.do(ctx, op, r, &order)
		if no, ok := errors.AsType[*refusal](err); ok && no.Status == http.StatusConflict {
			op.Set("reason", no.Reason)
			op.Set("resource", no.Resource)
			return nil
		}
		if err == nil {
			op.Set("order_id", order.ID)
		}
		return err
	})
}

// addMore puts one piece of an ordered product into the cart, which may still hold the ordered pieces.
func (p *purchase) addMore(ctx context.Context) {
	p.who.added = p.inCart(ctx, http.MethodPut, p.cart.Items[0].ID, 1)
}

func (p *purchase) request() request {
	return request{method: http.MethodPost, path: "/v1/orders", token: p.who.token, key: p.key, body: map[string]any{
		"cart_version":   p.cart.Version,
		"expected_total": p.cart.Total,
		"card_ref":       p.who.cards[p.errand.card],
		"address":        map[string]string{"name": "Ada Lovelace", "street": "Harbour Road 7", "postcode": "20457", "city": "Hamburg", "country": p.errand.country},
	}}
}

// regret cancels the order, if it is not confirmed yet.
func (p *purchase) regret(ctx context.Context) {
	_ = p.visit.Do(ctx, opCancel, func(ctx context.Context, op *load.Operation) error {
		op.Set("order_id", p.id)
		return p.buyer.client.do(ctx, op, request{method: http.MethodPost, path: "/v1/orders/" + p.id + "/cancel", token: p.who.token}, nil)
	})
}

// trespass tries the order that was placed last, if it is another customer's. To be told that there is none is what the
// visitor deserves, and no failure.
func (p *purchase) trespass(ctx context.Context) {
	what, other := trespasses(p.visit.Number), p.buyer.latest.Load()
	if what == "" || other == nil || other.user == p.who.id {
		return
	}
	method := http.MethodGet
	if what == "cancel" {
		method = http.MethodPost
	}
	_ = p.visit.Do(ctx, opTrespass, func(ctx context.Context, op *load.Operation) error {
		op.Set("order_id", other.order)
		op.Set("user_id", p.who.id)
		op.Set("what", what)
		err := p.buyer.client.do(ctx, op, request{method: method, path: "/v1/orders/" + other.order + "/" + what, token: p.who.token}, nil)
		if op.Status == http.StatusNotFound {
			return nil
		}
		return err
	})
}

// follow watches the order until it is final. That nobody saw its end is unknown, not failed.
func (p *purchase) follow(ctx context.Context) {
	_ = p.visit.Do(ctx, opCompletion, func(ctx context.Context, op *load.Operation) error {
		op.Set("order_id", p.id)
		op.Set("ends", p.errand.ends)
		err := p.buyer.client.follow(ctx, p.who.token, p.id, func(s orderState) {
			op.Status = http.StatusOK
			op.Set("state", s.State)
			op.Set("reason", s.Reason)
		})
		if no, ok := errors.AsType[*refusal](err); ok {
			op.Status = no.Status
		}
		return err
	})
}

// spelled writes a random number in letters: many digits may look like a card's, which the shop refuses wherever it finds it.
func spelled(random uint64) string {
	return strings.Map(func(r rune) rune {
		if r <= '9' {
			return r - '0' + 'g'
		}
		return r
	}, fmt.Sprintf("%016x", random))
}
