package events

import (
	"context"
	"time"

	"stormglass/system/platform/store"
)

// watch looks at the table now and then: for the metrics, and to wake the relay for events that nobody is sending.
func (o *Outbox) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	prune := time.NewTicker(pruneEvery)
	defer prune.Stop()
	for {
		select {
		case <-tick.C:
			o.look(ctx)
		case <-prune.C:
			if err := pruneOutbox(ctx, o.db, time.Now()); err != nil && ctx.Err() == nil {
				o.tel.Log.Warn().Err(err).Str("backlog", o.backlog).Msg("old events are not pruned yet")
			}
		case <-ctx.Done():
			return
		}
	}
}

// look reads how much waits, since when, and whether some of it is left behind: its owner is gone, or it is our own and
// old, because its commit's answer was lost and nobody handed it over. While the database is away the metrics stay as
// they were.
func (o *Outbox) look(ctx context.Context) {
	var unsent, oldest, left int64
	now := time.Now()
	err := o.db.Read(ctx, "watch "+o.backlog, func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT COUNT(*), COALESCE(MIN(time_us), 0), COALESCE(SUM(CASE WHEN lease_us < $1 OR owner = $2 AND time_us < $3 THEN 1 ELSE 0 END), 0)
			FROM outbox WHERE sent_us = 0`, now.UnixMicro(), o.tel.Instance, now.Add(-overdue).UnixMicro()).Scan(&unsent, &oldest, &left)
	})
	if err != nil {
		return
	}
	o.depth.Set(float64(unsent))
	o.age.Set(0)
	if unsent > 0 {
		o.age.Set(now.Sub(time.UnixMicro(oldest)).Seconds())
	}
	if left > 0 {
		select {
		case o.left <- struct{}{}:
		default:
		}
	}
}
