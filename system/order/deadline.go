package order

import (
	"context"
	"time"

	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// overdueAtOnce is how many orders one transaction gives up.
const overdueAtOnce = 100

// expire gives up pending orders whose deadline has passed, every so often until ctx ends. Several instances may do so at
// the same time: the move is a compare and set.
func (s *Service) expire(ctx context.Context, every time.Duration) error {
	for {
		s.expireOnce(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
	}
}

func (s *Service) expireOnce(ctx context.Context) {
	var ids []ID
	err := s.db.Read(ctx, "find overdue orders", func(ctx context.Context, tx *store.Tx) (err error) {
		if ids, err = overdue(ctx, tx, s.now(), overdueAtOnce); err != nil {
			return err
		}
		return s.measureOldest(ctx, tx)
	})
	if err == nil && len(ids) > 0 {
		err = s.db.InTx(ctx, "expire orders", func(ctx context.Context, tx *store.Tx) error {
			for _, id := range ids {
				if err := s.decide(ctx, tx, id, causeDeadline); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil && ctx.Err() == nil {
		s.tel.Log.Warn().Err(err).Msg("overdue orders not given up")
	}
}

// measureOldest keeps the gauges that tell a stuck saga, and an order that is paid and not on its way.
func (s *Service) measureOldest(ctx context.Context, tx *store.Tx) error {
	found, err := findOldest(ctx, tx)
	if err != nil {
		return err
	}
	s.tel.Gauge(telemetry.SagaOldest).WithLabelValues().Set(s.age(found.open()))
	s.tel.Gauge(telemetry.ConfirmedOldest).WithLabelValues().Set(s.age(found.confirmed))
	return nil
}

// age gives the seconds since a moment; none for the zero time.
func (s *Service) age(since time.Time) float64 {
	if since.IsZero() {
		return 0
	}
	return s.now().Sub(since).Seconds()
}
