package fault

import (
	"bytes"
	"fmt"
	"sync"

	"stormglass/chaos/cell"
	"stormglass/chaos/system"
)

// check says what is wrong with a trigger by itself.
func (t *Trigger) check() error {
	switch {
	case t.Nth < 0:
		return &KeyError{"when", fmt.Sprintf("nth: %d is not a count from 1", t.Nth)}
	case t.Moment != "":
		if *t != (Trigger{Moment: t.Moment, Link: t.Link, Nth: t.Nth}) {
			return &KeyError{"when", "a moment says by itself what passes: expected nothing beside it but nth, and link to name one instance"}
		}
	case t.Link == "":
		return &KeyError{"when", `expected a moment, or the link to watch, such as link: "order -> order-db"`}
	case (t.Request == "") == (t.Response == ""):
		return &KeyError{"when", "expected exactly one of request and response: the text to wait for"}
	}
	return nil
}

// in gives the trigger with what its moment means in a system.
func (t Trigger) in(s *system.System) (Trigger, error) {
	if t.Moment == "" {
		return t, nil
	}
	m, err := s.Moment(t.Moment)
	if t.Link == "" {
		t.Link = m.Link
	}
	t.Request, t.Response, t.After = m.Request, m.Response, m.After
	return t, err
}

// watch is an effect that changes nothing. It counts a text on its way and, when it comes the nth time, strikes before
// it lets the chunk with the text's end go on: the receiver does not learn of it before the strike is over.
type watch struct {
	trigger Trigger
	proxies []*cell.Proxy
	strike  func()

	mu     sync.Mutex
	seen   int
	armed  bool
	primed map[string]bool // connections whose client has sent what must come before
}

func newWatch(t Trigger, c *cell.Cell, strike func()) (*watch, error) {
	t, err := t.in(c.System())
	if err != nil {
		return nil, fmt.Errorf("watch link: %w", err)
	}
	proxies, err := c.Proxies(t.Link)
	if err != nil {
		return nil, fmt.Errorf("watch link: %w", err)
	}
	t.Nth = max(1, t.Nth)
	return &watch{trigger: t, proxies: proxies, strike: strike, primed: map[string]bool{}}, nil
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

// Join looks through one stream for the text, and for what must come before it.
func (w *watch) Join(s *cell.Stream) cell.Pass {
	conn := fmt.Sprintf("%s %d", s.Proxy, s.Conn)
	var looks []func(data []byte)
	if after := w.trigger.After; after != "" && s.Direction == cell.Request {
		look := finder(after)
		looks = append(looks, func(data []byte) {
			if look(data) > 0 {
				w.prime(conn)
			}
		})
	}
	if s.Direction == w.trigger.way() {
		look := finder(w.trigger.Request + w.trigger.Response)
		looks = append(looks, func(data []byte) {
			if found := look(data); found > 0 && w.count(conn, found) {
				w.strike()
			}
		})
	}
	if len(looks) == 0 {
		return through
	}
	return func(c cell.Chunk, next func(cell.Chunk)) {
		for _, look := range looks {
			look(c.Data)
		}
		next(c)
	}
}

// finder counts a text in a stream, chunk by chunk. A text may be cut in two by the borders of chunks, so as much of the
// stream is kept as may be the beginning of one.
func finder(text string) func(data []byte) int {
	var kept []byte
	return func(data []byte) int {
		kept = append(kept, data...)
		found := bytes.Count(kept, []byte(text))
		kept = bytes.Clone(kept[max(0, len(kept)-len(text)+1):])
		return found
	}
}

// prime notes that a connection's client has sent what must come before the text.
func (w *watch) prime(conn string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.primed[conn] = true
}

// count notes that the text has come so many times more on a connection, and says whether it is time to strike, once. Where
// something must come before it, only the first text after that counts.
func (w *watch) count(conn string, n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trigger.After != "" {
		if !w.primed[conn] {
			return false
		}
		n = 1
		delete(w.primed, conn)
	}
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
func (t Trigger) String() string {
	text := fmt.Sprintf("%q on the %s of %s", t.Request+t.Response, t.way(), t.Link)
	if t.After != "" {
		text += fmt.Sprintf(" after %q", t.After)
	}
	switch {
	case t.Moment != "" && t.Request+t.Response == "": // told by its name alone
		text = "the moment " + t.Moment
		if t.Link != "" {
			text += " on " + t.Link
		}
	case t.Moment != "":
		text = fmt.Sprintf("the moment %s (%s)", t.Moment, text)
	}
	return fmt.Sprintf("number %d of %s", max(1, t.Nth), text)
}

func (t Trigger) way() cell.Direction {
	if t.Request != "" {
		return cell.Request
	}
	return cell.Response
}
