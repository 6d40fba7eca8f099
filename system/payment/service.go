package payment

import (
	"context"
	"time"

	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
	"stormglass/system/platform/work"
)

// Outbox takes events into the transaction that makes them true.
type Outbox interface {
	Completed(ctx context.Context, tx *store.Tx, p Payment) error
	Failed(ctx context.Context, tx *store.Tx, p Payment) error
	Refunded(ctx context.Context, tx *store.Tx, p Payment) error
}

// Service holds the use cases. Those that a consumer calls take its transaction.
type Service struct {
	tel       *telemetry.Telemetry
	db        *store.DB
	toDo      work.Table[Payment]
	refunds   RefundPolicy
	processor Processor
	outbox    Outbox
	figures   figures
	// wake makes the worker look for payments to be done.
	wake func()
	now  func() time.Time
}

// Ordered notes what an order would be charged.
func (s *Service) Ordered(ctx context.Context, tx *store.Tx, order OrderID, user UserID, amount money.Money, card CardRef) error {
	if !amount.Positive() {
		return problem.New(problem.Invalid, "bad_amount", "an order's total must be more than 0")
	}
	return s.change(ctx, tx, order, func(p *Payment) { p.ordered(user, amount, card) })
}

// StockReserved notes that an order's goods are there.
func (s *Service) StockReserved(ctx context.Context, tx *store.Tx, order OrderID) error {
	return s.change(ctx, tx, order, (*Payment).reserved)
}

// OrderCancelled has everything undone that was or will be done for an order.
func (s *Service) OrderCancelled(ctx context.Context, tx *store.Tx, order OrderID) error {
	return s.change(ctx, tx, order, (*Payment).cancel)
}

// change takes what an event says into the payment, which may be the first that is heard of it.
func (s *Service) change(ctx context.Context, tx *store.Tx, order OrderID, take func(*Payment)) error {
	before, known, err := byOrder(ctx, tx, order)
	if err != nil {
		return err
	}
	if !known {
		before = Payment{Order: order, State: Waiting, Since: s.now()}
	}
	p := before
	take(&p)
	if p.State != before.State {
		p.Since, p.Origin = s.now(), s.tel.Pack(ctx)
	}
	switch {
	case !known:
		err = insert(ctx, tx, p)
	case p != before:
		_, err = update(ctx, tx, p, before, p.Since)
	}
	if err == nil && p.State != before.State {
		tx.AfterCommit(func() {
			s.figures.entered(p)
			s.wake()
		})
	}
	return err
}

// Get gives the payment of one of the user's orders.
func (s *Service) Get(ctx context.Context, user UserID, order OrderID) (p Payment, err error) {
	var known bool
	err = s.db.Read(ctx, "get payment", func(ctx context.Context, tx *store.Tx) error {
		p, known, err = byOrder(ctx, tx, order)
		return err
	})
	if err == nil && (!known || p.User != user) {
		return Payment{}, problem.New(problem.NotFound, "payment_not_found", "there is no payment for such an order of yours")
	}
	return p, err
}
