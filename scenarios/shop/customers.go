package shop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"stormglass/chaos/load"
)

const (
	password = "correct horse battery"
	// atOnce is how many customers are made side by side: passwords are hashed on purpose slowly, and the shop turns
	// away whom it lets wait too long.
	atOnce = 4
	// comeBack is the pause before a customer who was turned away tries again.
	comeBack = 100 * time.Millisecond
)

// customer is somebody with an account, a session, and one card of each kind. The session outlasts a run: access
// tokens live for 15 minutes.
type customer struct {
	id, email, token, refresh string
	cards                     map[string]string // references by the processor's token
	added                     bool              // put something into the cart after the last order
	before                    map[string]bool   // orders of earlier histories
}

// customers are those who are not in the shop just now. Each has one cart, so nobody makes two visits at a time.
type customers struct {
	mu   sync.Mutex
	free []*customer
	made int
}

// take gives somebody who has rested longest, or nil when everybody is in the shop.
func (c *customers) take() *customer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.free) == 0 {
		return nil
	}
	first := c.free[0]
	c.free = c.free[1:]
	return first
}

// put lets somebody rest.
func (c *customers) put(one *customer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = append(c.free, one)
}

// next numbers a new customer.
func (c *customers) next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	return c.made
}

// prepare makes n customers and lets them rest.
func (b *buyer) prepare(ctx context.Context, n int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	places := make(chan struct{}, atOnce)
	var making sync.WaitGroup
	for range n {
		making.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			one, err := b.make(ctx)
			if err != nil {
				cancel(fmt.Errorf("make customer: %w", err))
				return
			}
			b.customers.put(one)
		})
	}
	making.Wait()
	return context.Cause(ctx)
}

// make makes a customer.
func (b *buyer) make(ctx context.Context) (one *customer, err error) {
	number := b.customers.next()
	err = patiently(ctx, func() error {
		one, err = b.register(ctx, &load.Operation{}, number)
		return err
	})
	return one, err
}

// patiently asks again when the shop has no time, or is still finding itself after its start, and when its answer was lost,
// until ctx ends. What it asks must be harmless to repeat.
func patiently(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		if busy, turnedAway := errors.AsType[*refusal](err); turnedAway {
			if busy.Status < 500 && busy.Status != http.StatusTooManyRequests {
				return err
			}
		} else if load.Classify(err, http.StatusOK) != load.Unknown {
			return err
		}
		select {
		case <-time.After(comeBack):
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		}
	}
}

// wallet lists the cards that a customer has.
func (b *buyer) wallet() []string {
	if len(b.cards) > 0 {
		return b.cards
	}
	return []string{goodCard, badCard, slowCard}
}

// register makes the account, the session and the cards of a customer. Repeating it for the same number is harmless.
func (b *buyer) register(ctx context.Context, op *load.Operation, number int) (*customer, error) {
	one := &customer{email: fmt.Sprintf("shopper-%s-%d@example.com", spelled(b.seed), number), cards: map[string]string{}}
	account := map[string]string{"email": one.email, "password": password, "name": fmt.Sprintf("Shopper %d", number), "phone": fmt.Sprintf("+4930%07d", number)}
	key := fmt.Sprintf("customer-%s-%d", spelled(b.seed), number) // another visitor of the same shop counts from one too
	if err := b.client.do(ctx, op, request{method: http.MethodPost, path: "/v1/users", key: key, body: account}, nil); err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	var session struct {
		UserID string `json:"user_id"`
		tokens
	}
	if err := b.client.do(ctx, op, request{method: http.MethodPost, path: "/v1/sessions", body: map[string]string{"email": one.email, "password": password}}, &session); err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	one.id, one.token, one.refresh = session.UserID, session.Access, session.Refresh
	for _, token := range b.wallet() {
		var card struct {
			Ref string `json:"card_ref"`
		}
		r := request{method: http.MethodPost, path: "/v1/cards", token: one.token, key: key + token, body: map[string]string{"token": token}}
		if err := b.client.do(ctx, op, r, &card); err != nil {
			return nil, fmt.Errorf("register card: %w", err)
		}
		one.cards[token] = card.Ref
	}
	return one, nil
}
