package user

import (
	"context"
	"time"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
)

const (
	// forgetEvery is how often expired refresh tokens are looked for.
	forgetEvery = 10 * time.Minute
	// forgetAtOnce is how many of them one transaction deletes.
	forgetAtOnce = 500
)

// forget deletes expired refresh tokens now and then until ctx ends, so that the table grows with the sessions that live
// and not with those there ever were.
func (s *Service) forget(ctx context.Context) error {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := s.forgetExpired(ctx); err != nil && problem.CodeOf(err) != problem.Canceled {
			s.tel.Log.Warn().Err(err).Msg("expired refresh tokens not deleted")
		}
	}
}

func (s *Service) forgetExpired(ctx context.Context) error {
	for {
		var n int64
		err := s.db.InTx(ctx, "delete expired sessions", func(ctx context.Context, tx *store.Tx) (err error) {
			n, err = deleteExpired(ctx, tx, s.now(), forgetAtOnce)
			return err
		})
		if err != nil || n < forgetAtOnce {
			return err
		}
	}
}
