package order

import (
	"context"
	"sync"
	"time"
)

// watchEvery is how often a watched order is read again, for a change that another instance made.
const watchEvery = time.Second

// watchers wakes those who watch an order when this instance changes it.
type watchers struct {
	mu sync.Mutex
	of map[ID]map[chan struct{}]bool
}

func newWatchers() *watchers { return &watchers{of: map[ID]map[chan struct{}]bool{}} }

// add gives a channel that holds a token after each change, and how to leave.
func (w *watchers) add(id ID) (wake <-chan struct{}, leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := make(chan struct{}, 1)
	if w.of[id] == nil {
		w.of[id] = map[chan struct{}]bool{}
	}
	w.of[id][c] = true
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if delete(w.of[id], c); len(w.of[id]) == 0 {
			delete(w.of, id)
		}
	}
}

func (w *watchers) changed(o Order) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.of[o.ID] {
		select {
		case c <- struct{}{}:
		default: // it has not looked since the last change; one look sees both
		}
	}
}

// Watch sends one of the user's orders as it is, then again after each change, until it is final or ctx ends.
func (s *Service) Watch(ctx context.Context, user UserID, id ID, send func(Order) error) error {
	wake, leave := s.watchers.add(id)
	defer leave()
	var last State
	for {
		o, err := s.Get(ctx, user, id)
		if err != nil {
			return err
		}
		if o.State != last {
			if err := send(o); err != nil {
				return err
			}
		}
		if last = o.State; last.Final() {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		case <-time.After(watchEvery):
		}
	}
}
