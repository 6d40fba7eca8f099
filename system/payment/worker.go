package payment

import (
	"context"
	"time"

	"stormglass/system/platform/store"
	"stormglass/system/platform/work"
)

// charges is the backlog of payments that something must be done about.
const charges = "payment.charges"

// source is the table of payments as durable work.
func (s *Service) source() work.Source[Payment] {
	return work.Source[Payment]{Claim: s.claim, Do: s.work, Release: s.giveBack, Backlog: s.backlog}
}

func (s *Service) claim(ctx context.Context, n int, lease time.Duration) (claimed []Payment, err error) {
	err = s.db.InTx(ctx, "claim payments", func(ctx context.Context, tx *store.Tx) error {
		claimed, err = claim(ctx, tx, n, s.now(), s.now().Add(lease))
		return err
	})
	return claimed, err
}

func (s *Service) giveBack(ctx context.Context, payments []Payment, notBefore time.Time) error {
	return s.db.InTx(ctx, "give back payments", func(ctx context.Context, tx *store.Tx) error {
		for _, p := range payments {
			if err := letGo(ctx, tx, p.Order, notBefore); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) backlog(ctx context.Context) (depth int64, oldest time.Time, err error) {
	err = s.db.Read(ctx, "count payments", func(ctx context.Context, tx *store.Tx) error {
		depth, oldest, err = backlog(ctx, tx)
		return err
	})
	return depth, oldest, err
}
