package events

import (
	"context"
	"fmt"
	"slices"

	"stormglass/system/platform/problem"
)

// ListDead gives the dead letters of a queue, oldest first.
func ListDead(ctx context.Context, b Broker, queue string) ([]DeadLetter, error) {
	dead, err := b.DeadLetters(ctx, queue)
	if err != nil {
		return nil, fmt.Errorf("list dead letters of %s: %w", queue, err)
	}
	return dead, nil
}

// Redrive sends dead letters back to the queue that gave them up and to no other, under their own ids, so that the inbox
// still knows what was applied. Without ids it sends back all of them. It gives how many it sent before any error.
func Redrive(ctx context.Context, b Broker, queue string, ids ...string) (sent int, err error) {
	sent, err = b.Redrive(ctx, queue, ids...)
	if err != nil {
		return sent, fmt.Errorf("redrive events to %s: %w", queue, err)
	}
	return sent, nil
}

// noDeadLetter says that a queue did not give up an event.
func noDeadLetter(queue, eventID string) error {
	return problem.New(problem.NotFound, "", "queue %s has no dead letter %s", queue, eventID)
}

func oldestFirst(dead []DeadLetter) []DeadLetter {
	slices.SortStableFunc(dead, func(a, b DeadLetter) int { return a.At.Compare(b.At) })
	return dead
}
