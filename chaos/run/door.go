package run

import "context"

// door lets one scenario at a time boot and prepare. Starting a system takes all of a machine for a moment: two that start
// at once take twice as long, and disturb those that are being measured twice as much.
type door chan struct{}

// enter waits until nobody else is starting.
func (d door) enter(ctx context.Context) error {
	select {
	case d <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (d door) leave() { <-d }
