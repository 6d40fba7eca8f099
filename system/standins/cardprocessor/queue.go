package cardprocessor

import (
	"container/heap"
	"encoding/json"
	"sync"
	"time"
)

// Event is a notice for the shop, as the journal keeps it.
type Event struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	CreatedAt time.Time       `json:"created_at"`
	Object    json.RawMessage `json:"object"`
	// Trace is the trace context of the request that the event comes from.
	Trace string `json:"trace,omitempty"`
}

// delivery is an event that was not taken yet.
type delivery struct {
	Event
	attempts int
	due      time.Time
	place    int // in the heap; -1 while it is being delivered
}

// queue holds events until they are taken, the one due first in front. It is safe for concurrent use.
type queue struct {
	mu   sync.Mutex
	all  map[string]*delivery
	due  byTime
	wake chan struct{} // holds at most one token: something may be due earlier than thought
}

func newQueue() *queue {
	return &queue{all: map[string]*delivery{}, wake: make(chan struct{}, 1)}
}

func (q *queue) add(e Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	d := &delivery{Event: e}
	q.all[e.ID] = d
	heap.Push(&q.due, d)
	q.signal()
}

func (q *queue) remove(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if d := q.all[id]; d != nil && d.place >= 0 {
		heap.Remove(&q.due, d.place)
	}
	delete(q.all, id)
}

// next takes the first delivery that is due, or says how long to wait for one.
func (q *queue) next(now time.Time) (d *delivery, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.due) == 0 {
		return nil, time.Hour
	}
	if wait = q.due[0].due.Sub(now); wait > 0 {
		return nil, wait
	}
	d = heap.Pop(&q.due).(*delivery)
	if len(q.due) > 0 {
		q.signal() // for the next worker
	}
	return d, 0
}

// again puts a delivery back until a time.
func (q *queue) again(d *delivery, due time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	d.attempts++
	d.due = due
	heap.Push(&q.due, d)
	q.signal()
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.all)
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// byTime is a heap for container/heap.
type byTime []*delivery

func (h byTime) Len() int           { return len(h) }
func (h byTime) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h byTime) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *byTime) Push(x any) {
	d := x.(*delivery)
	d.place = len(*h)
	*h = append(*h, d)
}

func (h *byTime) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	d.place = -1
	return d
}
