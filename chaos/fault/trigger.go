package fault

import (
	"bytes"
	"fmt"
	"sync"

	"stormglass/chaos/cell"
)

// check says what is wrong with a trigger by itself.
func (t *Trigger) check() error {
	switch {
	case t.Link == "":
		return &KeyError{"when", `expected the link to watch, such as link: "order -> order-db"`}
	case (t.Request == "") == (t.Response == ""):
		return &KeyError{"when", "expected exactly one of request and response: the text to wait for"}
	case t.Nth < 0:
		return &KeyError{"when", fmt.Sprintf("nth: %d is not a count from 1", t.Nth)}
	}
	return nil
}

// watch is an effect that changes nothing. It counts a text on its way and, when it comes the nth time, strikes before
// it lets the chunk with the text's end go on: the receiver does not learn of it before the strike is over.
type watch struct {
	trigger Trigger
	proxies []*cell.Proxy
	strike  func()

	mu    sync.Mutex
	seen  int
	armed bool
}

func newWatch(t Trigger, c *cell.Cell, strike func()) (*watch, error) {
	proxies, err := c.Proxies(t.Link)
	if err != nil {
		return nil, fmt.Errorf("watch link: %w", err)
	}
	t.Nth = max(1, t.Nth)
	return &watch{trigger: t, proxies: proxies, strike: strike}, nil
}

// arm begins to count.
func (w *watch) arm() {
	w.mu.Lock()
	w.armed = true
	w.mu.Unlock()
	for _, p := range w.proxies {
		p.Add(w)
	}
}

// disarm ends it, struck or not.
func (w *watch) disarm() {
	w.mu.Lock()
	w.armed = false
	w.mu.Unlock()
	for _, p := range w.proxies {
		p.Remove(w)
	}
}

// Join looks through one stream. A text may be cut in two by the borders of chunks, so as much of the stream is kept as
// may be the beginning of one.
func (w *watch) Join(s *cell.Stream) cell.Pass {
	text := []byte(w.trigger.Request + w.trigger.Response)
	if (w.trigger.Request != "") != (s.Direction == cell.Request) {
		return through
	}
	var kept []byte
	return func(c cell.Chunk, next func(cell.Chunk)) {
		kept = append(kept, c.Data...)
		found := bytes.Count(kept, text)
		kept = bytes.Clone(kept[max(0, len(kept)-len(text)+1):])
		if found > 0 && w.count(found) {
			w.strike()
		}
		next(c)
	}
}

// count notes that the text has come so many times more and says whether it is time to strike, once.
func (w *watch) count(n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.armed {
		return false
	}
	w.seen += n
	if w.seen < w.trigger.Nth {
		return false
	}
	w.armed = false
	return true
}

// counted is how often the text has come until the strike.
func (w *watch) counted() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen
}

// String says what is waited for.
func (w *watch) String() string {
	return fmt.Sprintf("number %d of %q on the %s of %s", w.trigger.Nth, w.trigger.Request+w.trigger.Response,
		w.way(), w.trigger.Link)
}

func (w *watch) way() cell.Direction {
	if w.trigger.Request != "" {
		return cell.Request
	}
	return cell.Response
}
