package work_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"stormglass/system/platform/work"
)

// table is a list of items in memory, with leases.
type table struct {
	mu       sync.Mutex
	due      map[string]time.Time // when an item may be claimed
	done     []string
	calls    []string
	running  int
	peak     int
	claimErr error
	do       func(ctx context.Context, item string) error
}

func newTable(items ...string) *table {
	t := &table{due: map[string]time.Time{}, do: func(context.Context, string) error { return nil }}
	t.add(items...)
	return t
}

func (t *table) add(items ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, item := range items {
		t.due[item] = time.Now()
	}
}

func (t *table) source() work.Source[string] {
	return work.Source[string]{Claim: t.claim, Do: t.work, Release: t.release, Backlog: t.backlog}
}

func (t *table) claim(_ context.Context, n int, lease time.Duration) (claimed []string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.claimErr != nil {
		return nil, t.claimErr
	}
	items := make([]string, 0, len(t.due))
	for item := range t.due {
		items = append(items, item)
	}
	slices.Sort(items)
	for _, item := range items {
		if len(claimed) < n && !t.due[item].After(time.Now()) {
			t.due[item] = time.Now().Add(lease)
			claimed = append(claimed, item)
		}
	}
	return claimed, nil
}

func (t *table) work(ctx context.Context, item string) error {
	t.mu.Lock()
	t.calls = append(t.calls, item)
	t.running++
	t.peak = max(t.peak, t.running)
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.running--
	}()
	if err := t.do(ctx, item); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.due, item)
	t.done = append(t.done, item)
	return nil
}

func (t *table) release(_ context.Context, items []string, notBefore time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, item := range items {
		t.due[item] = notBefore
	}
	return nil
}

func (t *table) backlog(context.Context) (int64, time.Time, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var oldest time.Time
	for _, due := range t.due {
		if oldest.IsZero() || due.Before(oldest) {
			oldest = due
		}
	}
	return int64(len(t.due)), oldest, nil
}

// finished is how many items are done.
func (t *table) finished() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.done)
}

// called is how many calls of do there were.
func (t *table) called() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.calls)
}

func items(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("item-%03d", i)
	}
	return all
}
