package payment

import (
	"context"
	"fmt"
	"time"

	"stormglass/system/api/links"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/service"
	"stormglass/system/platform/store"
)

// ForOperator opens payment's database for an operator's command. It needs nothing but DATABASE_URL and a runtime named
// "payment"; the service itself does what the command has written down.
func ForOperator(ctx context.Context, rt *boot.Runtime) (*Operator, error) {
	var c struct {
		Database boot.Secret `env:"DATABASE_URL,required"`
	}
	if err := boot.Settings(&c); err != nil {
		return nil, err
	}
	db, err := service.New(rt, links.Policy).Database(ctx, c.Database, migrations())
	if err != nil {
		return nil, err
	}
	return &Operator{db, time.Now}, nil
}

// Operator settles refunds that the card processor did not make.
type Operator struct {
	db  *store.DB
	now func() time.Time
}

// FailedRefunds lists the payments that an operator must act on, the oldest first.
func (o *Operator) FailedRefunds(ctx context.Context) (failed []Payment, err error) {
	err = o.db.Read(ctx, "list failed refunds", func(ctx context.Context, tx *store.Tx) error {
		failed = nil
		rows, err := tx.Query(ctx, `SELECT `+columns+` FROM payments WHERE state = 'refund_failed' ORDER BY since_us`)
		if err != nil {
			return fmt.Errorf("list failed refunds: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			p, err := scan(rows)
			if err != nil {
				return err
			}
			failed = append(failed, p)
		}
		return rows.Err()
	})
	return failed, err
}

// RetryRefund has a new refund made at the card processor. Where one was made there by hand meanwhile, that is found, and counts.
func (o *Operator) RetryRefund(ctx context.Context, order OrderID) error {
	return o.settle(ctx, order, "")
}

// SettleRefund notes that the customer has the money on another way than by the card processor, such as a bank transfer. The
// customer is notified, and the processor is expected to keep what it took.
func (o *Operator) SettleRefund(ctx context.Context, order OrderID) error {
	return o.settle(ctx, order, outOfBand)
}

func (o *Operator) settle(ctx context.Context, order OrderID, reason string) error {
	return o.db.InTx(ctx, "settle failed refund", func(ctx context.Context, tx *store.Tx) error {
		p, known, err := byOrder(ctx, tx, order)
		if err != nil {
			return err
		}
		if !known || p.State != RefundFailed {
			return fmt.Errorf("%w: order %q has no refund that failed: `shop refunds list` names those that there are", boot.ErrUsage, order)
		}
		after := p
		after.State, after.Reason, after.Since = RefundPending, reason, o.now()
		_, err = update(ctx, tx, after, p, after.Since)
		return err
	})
}
