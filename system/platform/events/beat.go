package events

import (
	"context"
	"time"
)

// Beat is the shortest time from one turn of a consumer, relay or worker to its next, unless a turn was full. What comes
// alone is handled at once; what comes within a beat of it is handled together, in one transaction and one publish. Under
// load that is most of it, and a transaction, a flush to disk and a round trip cost far more than an event in them.
const Beat = 20 * time.Millisecond

// rest waits until a beat after start, or until ctx ends.
func rest(ctx context.Context, start time.Time) {
	left := time.Until(start.Add(Beat))
	if left <= 0 {
		return
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
