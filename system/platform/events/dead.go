package events

import (
	"context"
	"fmt"
	"slices"
)

// ListDead gives the dead letters of a queue, oldest first.
func ListDead(ctx context.Context, b Broker, queue string) ([]DeadLetter, error) {
	dead, err := b.DeadLetters(ctx, queue)
	if err != nil {
		return nil, fmt.Errorf("list dead letters of %s: %w", queue, err)
	}
	slices.SortStableFunc(dead, func(a, b DeadLetter) int { return a.At.Compare(b.At) })
	return dead, nil
}

// Redrive sends dead letters back to the queue that gave them up and to no other, under their own ids, so that the inbox
// still knows what was applied. Without ids it sends back all of them. It gives how many it sent before any error.
func Redrive(ctx context.Context, b Broker, queue string, ids ...string) (sent int, err error) {
	if len(ids) == 0 {
		dead, err := ListDead(ctx, b, queue)
		if err != nil {
			return 0, err
		}
		for _, d := range dead {
			ids = append(ids, d.ID)
		}
	}
	for _, id := range ids {
		if err := b.Redrive(ctx, queue, id); err != nil {
			return sent, fmt.Errorf("redrive event %s to %s: %w", id, queue, err)
		}
		sent++
	}
	return sent, nil
}
