package payment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"stormglass/system/platform/store"
)

// Processor is the company that moves the money. All calls that change something carry a key, so that doing them again
// changes nothing.
type Processor interface {
	// Create makes a charge that moves no money yet.
	Create(ctx context.Context, p Payment, token string) (Intent, error)
	Confirm(ctx context.Context, p Payment) (Intent, error)
	Read(ctx context.Context, id IntentID) (Intent, error)
	Cancel(ctx context.Context, p Payment) (Intent, error)
	// Refund makes sure that there is a refund of the payment with its number, and gives where that stands now. Where other
	// refunds have given everything back, or are about to, it gives that instead.
	Refund(ctx context.Context, p Payment) (Refund, error)
}

// Refund is a refund as the processor sees it.
type Refund struct {
	// Number is which of the payment's refunds it is, from 0.
	Number int64
	Amount int64
	Status RefundStatus
	// Reason is the processor's word for why it failed.
	Reason string
}

// RefundStatus is a refund's state at the processor. Only RefundCompleted means that the customer has the money; it may
// still fail later.
type RefundStatus string

// The states of a refund (https://docs.stripe.com/api/refunds/object).
const (
	RefundProcessing  RefundStatus = "pending"
	RefundNeedsAction RefundStatus = "requires_action"
	RefundCompleted   RefundStatus = "succeeded"
	RefundDeclined    RefundStatus = "failed"
	RefundCanceled    RefundStatus = "canceled"
)

// failed says that no money comes of it.
func (s RefundStatus) failed() bool { return s == RefundDeclined || s == RefundCanceled }

// Intent is a charge as the processor sees it.
type Intent struct {
	ID     IntentID
	Status Status
	// Declined is the processor's word for why it did not take the card; empty when it did not refuse.
	Declined string
}

// Status is a charge's state at the processor.
type Status string

// The states of a charge that mean something to us.
const (
	NeedsConfirmation Status = "requires_confirmation"
	NeedsMethod       Status = "requires_payment_method"
	NeedsAction       Status = "requires_action"
	Processing        Status = "processing"
	Succeeded         Status = "succeeded"
	Canceled          Status = "canceled"
)

// waits says that the charge waits for us or for the customer, and so can be cancelled.
func (s Status) waits() bool { return s == NeedsConfirmation || s == NeedsMethod || s == NeedsAction }

// errNotYet says that the processor has not made up its mind: ask again later.
var errNotYet = errors.New("the processor has not decided yet")

// work does what a payment is due for, in the trace of the request that led to it.
func (s *Service) work(ctx context.Context, p Payment) error {
	ctx, span := s.tel.Tracer("payment").Start(s.tel.Unpack(ctx, p.Origin), "payment "+string(p.State))
	defer span.End()
	span.SetAttributes(attribute.String("shop.order.id", string(p.Order)))
	var err error
	switch p.State {
	case Due:
		err = s.charge(ctx, p)
	case Cancelling:
		err = s.undo(ctx, p)
	case Refunding, RefundPending:
		err = s.refund(ctx, p)
	}
	if err != nil {
		span.RecordError(err)
		s.tel.Log.Warn().Ctx(ctx).Err(err).Str("order_id", string(p.Order)).Str("state", string(p.State)).Msg("payment not settled yet")
	}
	return err
}

// charge takes a due payment as far as the processor lets it.
func (s *Service) charge(ctx context.Context, p Payment) error {
	intent, err := s.intent(ctx, &p)
	if err != nil || intent.ID == "" { // an empty one: it is not due any more, or was refused
		return err
	}
	if intent.Status == NeedsConfirmation {
		if intent, err = s.processor.Confirm(ctx, p); err != nil {
			return fmt.Errorf("confirm charge: %w", err)
		}
	}
	switch {
	case intent.Status == Succeeded:
		return s.settle(ctx, p, Completed, "", s.outbox.Completed)
	case intent.Declined != "":
		return s.settle(ctx, p, Failed, intent.Declined, s.outbox.Failed)
	case intent.Status == Canceled:
		return s.settle(ctx, p, Failed, "charge_canceled", s.outbox.Failed)
	}
	return fmt.Errorf("charge of order %s is %s: %w", p.Order, intent.Status, errNotYet)
}

// intent gives the payment's charge as it is now: by its id when that is known, else it creates the charge and stores the
// id before anything else can happen to it.
func (s *Service) intent(ctx context.Context, p *Payment) (Intent, error) {
	if p.Intent != "" {
		return s.processor.Read(ctx, p.Intent)
	}
	secret, known, err := s.tokenOf(ctx, *p)
	if err != nil {
		return Intent{}, err
	}
	if !known {
		return Intent{}, s.settle(ctx, *p, Failed, "unknown_card", s.outbox.Failed)
	}
	intent, err := s.processor.Create(ctx, *p, secret)
	if err != nil {
		return Intent{}, fmt.Errorf("create charge: %w", err)
	}
	if intent.ID == "" { // refused before there was a charge
		return Intent{}, s.settle(ctx, *p, Failed, intent.Declined, s.outbox.Failed)
	}
	p.Intent = intent.ID
	kept := false
	err = s.db.InTx(ctx, "store charge", func(ctx context.Context, tx *store.Tx) error {
		kept, err = setIntent(ctx, tx, *p)
		return err
	})
	if err != nil || kept {
		return intent, err
	}
	return Intent{}, s.toDo.Release(ctx, []Payment{*p}, s.now()) // cancelled meanwhile: that is the next thing to do
}

// undo makes sure that a cancelled order's charge takes no money, or gives it back.
func (s *Service) undo(ctx context.Context, p Payment) error {
	if p.Intent == "" { // a worker may have created it and died before its id was stored: the same key finds it
		secret, known, err := s.tokenOf(ctx, p)
		if err != nil {
			return err
		}
		if !known {
			return s.settle(ctx, p, Cancelled, "", nil)
		}
		intent, err := s.processor.Create(ctx, p, secret)
		if err != nil {
			return fmt.Errorf("find charge: %w", err)
		}
		if p.Intent = intent.ID; p.Intent == "" {
			return s.settle(ctx, p, Cancelled, "", nil)
		}
	}
	intent, err := s.processor.Read(ctx, p.Intent)
	if err == nil && intent.Status.waits() {
		intent, err = s.processor.Cancel(ctx, p)
	}
	if err != nil {
		return fmt.Errorf("cancel charge: %w", err)
	}
	switch intent.Status {
	case Canceled:
		return s.settle(ctx, p, Cancelled, "", nil)
	case Succeeded:
		return s.settle(ctx, p, Refunding, "", nil)
	}
	return fmt.Errorf("charge of order %s is %s: %w", p.Order, intent.Status, errNotYet)
}

// refund gives a cancelled order's money back. The status of the refund decides what is next.
func (s *Service) refund(ctx context.Context, p Payment) error {
	if p.Reason == outOfBand {
		return s.settle(ctx, p, Refunded, outOfBand, s.outbox.Refunded)
	}
	refund, err := s.processor.Refund(ctx, p)
	if err != nil {
		return fmt.Errorf("refund charge: %w", err)
	}
	switch {
	case refund.Status == RefundCompleted:
		return s.settle(ctx, p, Refunded, "", s.outbox.Refunded)
	case refund.Status.failed():
		after := p
		wait := after.refundFailed(refund.Reason, s.refunds, s.now())
		return s.move(ctx, p, after, wait, nil)
	case refund.Status == RefundProcessing, refund.Status == RefundNeedsAction:
		after, now := p, s.now()
		if after.State, after.Reason = RefundPending, ""; p.State != RefundPending {
			after.Since = now
		}
		return s.move(ctx, p, after, nextLook(now.Sub(after.Since)), nil)
	}
	return fmt.Errorf("refund of order %s is %s: %w", p.Order, refund.Status, errNotYet)
}

// settle moves a payment on together with its event.
func (s *Service) settle(ctx context.Context, p Payment, to State, reason string, tell func(context.Context, *store.Tx, Payment) error) error {
	after := p
	after.State, after.Reason, after.Since = to, reason, s.now()
	return s.move(ctx, p, after, 0, tell)
}

// move writes a payment together with its event, which may be nil, in a transaction of its own. When the payment is no longer
// where the work found it, the order was cancelled meanwhile, or its refund has failed: then nothing is published, and the
// payment is taken up again as it is now.
func (s *Service) move(ctx context.Context, before, after Payment, wait time.Duration, publish func(context.Context, *store.Tx, Payment) error) error {
	return s.db.InTx(ctx, "settle payment", func(ctx context.Context, tx *store.Tx) error {
		moved, err := s.replace(ctx, tx, before, after, wait)
		if err != nil || !moved || publish == nil {
			return err
		}
		return publish(ctx, tx, after)
	})
}

// replace writes a payment if it is still as it was before; nobody takes it up before the wait is over.
func (s *Service) replace(ctx context.Context, tx *store.Tx, before, after Payment, wait time.Duration) (moved bool, err error) {
	moved, err = update(ctx, tx, after, before, s.now().Add(wait))
	if err != nil || !moved {
		tx.AfterCommit(s.wake)
		return moved, err
	}
	tx.AfterCommit(func() {
		if after.State != before.State {
			s.figures.entered(after)
			s.tel.Log.Info().Ctx(ctx).Str("order_id", string(after.Order)).Str("state", string(after.State)).Str("reason", after.Reason).Msg("payment settled")
		}
		if !after.State.Final() && wait == 0 {
			s.wake()
		}
	})
	return true, nil
}

func (s *Service) tokenOf(ctx context.Context, p Payment) (secret string, known bool, err error) {
	err = s.db.Read(ctx, "read card", func(ctx context.Context, tx *store.Tx) error {
		secret, known, err = token(ctx, tx, p.User, p.Card)
		return err
	})
	return secret, known, err
}
