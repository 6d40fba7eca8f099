package order

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// Cart is what a user means to buy, as the cart service tells it.
type Cart struct {
	Version int64
	Items   []Item
}

// Carts reads the calling user's cart.
type Carts interface {
	Cart(ctx context.Context) (Cart, error)
}

// Prices tells what products cost now; products that do not exist are missing from the answer.
type Prices interface {
	Prices(ctx context.Context, ids []string) (map[string]money.Money, error)
}

// Outbox takes events into the transaction that makes them true.
type Outbox interface {
	Created(ctx context.Context, tx *store.Tx, o Order) error
	Confirmed(ctx context.Context, tx *store.Tx, o Order) error
	Cancelled(ctx context.Context, tx *store.Tx, o Order) error
}

// Service holds the use cases.
type Service struct {
	tel      *telemetry.Telemetry
	db       *store.DB
	carts    Carts
	prices   Prices
	outbox   Outbox
	watchers *watchers
	figures  figures
	// patience is how long an order may stay pending.
	patience time.Duration
	now      func() time.Time
}

// Request is what a customer orders with.
type Request struct {
	User          UserID
	Key           string
	CartVersion   int64
	ExpectedTotal money.Money
	Address       Address
	CardRef       string
}

// Create accepts an order of the cart's content. The same key and request give the order that they gave before, whatever
// became of the cart since. Under any other key, a version of the cart and each of its lines is ordered once.
func (s *Service) Create(ctx context.Context, r Request) (Order, error) {
	if err := r.validate(); err != nil {
		return Order{}, err
	}
	items, err := s.itemsOf(ctx, r)
	if err != nil { // most repeats come here: the cart was emptied by their original
		return s.orderedBefore(ctx, r, nil, err)
	}
	o := r.order(items, s.now(), s.patience)
	err = s.db.InTx(ctx, "create order", func(ctx context.Context, tx *store.Tx) error {
		if err := insert(ctx, tx, o); err != nil {
			return err
		}
		tx.AfterCommit(func() { s.figures.entered(ctx, o) })
		return s.outbox.Created(ctx, tx, o)
	})
	if errors.Is(err, store.ErrConflict) { // the cart has not been emptied yet
		return s.orderedBefore(ctx, r, items, err)
	}
	if err != nil {
		return Order{}, err
	}
	s.tel.Log.Info().Ctx(ctx).Str("order_id", string(o.ID)).Msg("order accepted")
	return o, nil
}

// orderedBefore gives the order that the request's key made before, or else the reason for which the request makes none: the cart
// or one of its lines was ordered under another key, or why.
func (s *Service) orderedBefore(ctx context.Context, r Request, lines []Item, why error) (o Order, err error) {
	err = s.db.Read(ctx, "find earlier order", func(ctx context.Context, tx *store.Tx) error {
		var found bool
		if o, found, err = byKey(ctx, tx, r.User, r.Key); err != nil {
			return err
		}
		if found && o.Digest != r.digest() {
			return problem.New(problem.Conflict, "idempotency_key_reused", "this Idempotency-Key was used for a different order: send a new key with each new order")
		}
		if found {
			return nil
		}
		first, err := byCart(ctx, tx, r.User, r.CartVersion, lines)
		if err == nil && first != "" {
			err = problem.New(problem.Conflict, "cart_ordered",
				"order %s was made from this cart: to order the same again, put the items into the cart again and order its new version", first).About("/v1/orders/" + string(first))
		}
		return cmp.Or(err, why)
	})
	if err != nil {
		return Order{}, err
	}
	return o, nil
}

// itemsOf gives the cart's items after checking that they are what the customer saw.
func (s *Service) itemsOf(ctx context.Context, r Request) ([]Item, error) {
	cart, err := s.carts.Cart(ctx)
	if err != nil {
		return nil, fmt.Errorf("read cart: %w", err)
	}
	if len(cart.Items) == 0 {
		return nil, problem.New(problem.Conflict, "cart_empty", "the cart is empty: put something into it first")
	}
	if cart.Version != r.CartVersion {
		return nil, problem.New(problem.Conflict, "cart_changed", "the cart is at version %d, not %d: read it again and order what it holds now", cart.Version, r.CartVersion)
	}
	prices, err := s.prices.Prices(ctx, productIDs(cart.Items))
	if err != nil {
		return nil, fmt.Errorf("read prices: %w", err)
	}
	for item := range slices.Values(cart.Items) {
		switch price, exists := prices[item.ProductID]; {
		case !exists:
			return nil, problem.New(problem.Conflict, "product_gone", "product %s is no longer sold: remove it from the cart", item.ProductID)
		case price != item.UnitPrice:
			return nil, problem.New(problem.Conflict, "price_changed", "the price of product %s changed: put it into the cart again to accept %s", item.ProductID, price)
		}
	}
	sum, err := total(cart.Items)
	if err != nil {
		return nil, problem.Wrap(err, problem.Invalid, "total_out_of_range", "this cart cannot be added up: order less of it")
	}
	if sum != r.ExpectedTotal {
		return nil, problem.New(problem.Conflict, "total_changed", "the cart costs %s, not %s: show the customer the new total", sum, r.ExpectedTotal)
	}
	return cart.Items, nil
}

// Get gives one of the user's orders. Somebody else's is as absent as one that does not exist.
func (s *Service) Get(ctx context.Context, user UserID, id ID) (o Order, err error) {
	err = s.db.Read(ctx, "get order", func(ctx context.Context, tx *store.Tx) error {
		o, err = owned(ctx, tx, user, id)
		return err
	})
	return o, err
}

// List gives a page of the user's orders, newest first.
func (s *Service) List(ctx context.Context, user UserID, after *position, limit int) (orders []Order, err error) {
	err = s.db.Read(ctx, "list orders", func(ctx context.Context, tx *store.Tx) error {
		orders, err = page(ctx, tx, user, after, limit)
		return err
	})
	return orders, err
}

// Cancel cancels one of the user's orders while it is pending. Cancelling a cancelled order changes nothing.
func (s *Service) Cancel(ctx context.Context, user UserID, id ID) (o Order, err error) {
	err = s.db.InTx(ctx, "cancel order", func(ctx context.Context, tx *store.Tx) error {
		if o, err = owned(ctx, tx, user, id); err != nil || o.State == Cancelled {
			return err
		}
		moved, ok, err := s.move(ctx, tx, o, causeCustomer)
		if err == nil && !ok {
			return problem.New(problem.Conflict, "order_not_cancellable", "the order is %s: only a pending order can be cancelled", moved.State)
		}
		o = moved
		return err
	})
	return o, err
}

func owned(ctx context.Context, tx *store.Tx, user UserID, id ID) (Order, error) {
	o, err := byID(ctx, tx, id)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && o.User != user) {
		return Order{}, problem.New(problem.NotFound, "order_not_found", "there is no such order of yours")
	}
	return o, err
}

// decide moves an order on what another service said. What no longer fits is not an error: a payment that completes
// after the order was cancelled is refunded by payment, which hears of the cancellation itself.
func (s *Service) decide(ctx context.Context, tx *store.Tx, id ID, c cause) error {
	o, err := byID(ctx, tx, id)
	if err != nil {
		return err
	}
	_, moved, err := s.move(ctx, tx, o, c)
	if err == nil && !moved {
		s.tel.Log.Info().Ctx(ctx).Str("order_id", string(id)).Str("cause", string(c)).Str("state", string(o.State)).Msg("order stays")
	}
	return err
}

// move is the only way in which an order changes: compare and set, with the event in the same transaction. It gives the
// order as it is afterwards, and whether it was this call that moved it.
func (s *Service) move(ctx context.Context, tx *store.Tx, o Order, c cause) (Order, bool, error) {
	before := o
	if o.move(c, s.now()) != nil {
		return before, false, nil
	}
	ok, err := setState(ctx, tx, o, before.State)
	if err != nil {
		return before, false, err
	}
	if !ok { // somebody else was faster
		o, err := byID(ctx, tx, o.ID)
		return o, false, err
	}
	tx.AfterCommit(func() {
		s.figures.entered(ctx, o)
		s.watchers.changed(o)
		s.tel.Log.Info().Ctx(ctx).Str("order_id", string(o.ID)).Str("state", string(o.State)).Str("reason", string(o.Reason)).Msg("order moved")
	})
	switch o.State {
	case Confirmed:
		err = s.outbox.Confirmed(ctx, tx, o)
	case Cancelled:
		err = s.outbox.Cancelled(ctx, tx, o)
	}
	return o, true, err
}

func (r Request) order(items []Item, now time.Time, patience time.Duration) Order {
	return Order{
		ID: ID(uuid.Must(uuid.NewV7()).String()), User: r.User, Key: r.Key, Digest: r.digest(), State: Pending, Items: items,
		Total: r.ExpectedTotal, Address: r.Address, CardRef: r.CardRef, CartVersion: r.CartVersion,
		Created: now, Updated: now, Deadline: now.Add(patience),
	}
}

func productIDs(items []Item) []string {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.ProductID
	}
	return ids
}
