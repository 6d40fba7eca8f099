package events

import "sync"

// maxHanded is how many events may wait in memory for the relay. What is more stays in the table until it is read there.
const maxHanded = 5000

// handoff passes events from the transaction that committed them straight to the relay, which then needs no look at the
// table. It is only a short cut: what it drops, the relay finds in the table.
type handoff struct {
	wake chan struct{}

	mu     sync.Mutex
	open   bool
	missed bool
	events []Event
}

func newHandoff() *handoff { return &handoff{wake: make(chan struct{}, 1)} }

// put hands events over, or notes that some stayed in the table.
func (h *handoff) put(batch []Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.open || len(h.events)+len(batch) > maxHanded {
		h.missed = true
	} else {
		h.events = append(h.events, batch...)
	}
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// take gives at most max events. It also says whether some must be looked for in the table.
func (h *handoff) take(max int) (batch []Event, missed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := min(max, len(h.events))
	batch, h.events = h.events[:n:n], h.events[n:]
	if len(h.events) == 0 {
		h.events = nil // lets the backing array go
	}
	return batch, h.missed
}

// shut turns events away from now on, and drops those that wait: the relay reads the table.
func (h *handoff) shut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open, h.events = false, nil
}

// reopen takes events again, unless some were missed since it last said so: then the table must be read once more.
func (h *handoff) reopen() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open, h.missed = !h.missed, false
	return h.open
}
