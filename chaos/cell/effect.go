package cell

import (
	"sync"
	"time"
)

// Direction is the way that bytes go through a proxy.
type Direction string

// The two directions of a connection.
const (
	Request  Direction = "request"  // client → server
	Response Direction = "response" // server → client
)

// A Chunk is what was read from a connection at once, or the end of one direction.
type Chunk struct {
	Data []byte
	At   time.Time // when it is due: when it arrived, plus what earlier effects have held it back
	End  bool      // the sender has closed; Data is empty
}

// A Pass handles the chunks of one direction of one connection, one after the other. It hands on what shall travel
// further by next, as it is, in parts or never, and may take its time, but must come back soon after Stream.Done.
// Coming back after an End closes the connection.
type Pass func(c Chunk, next func(Chunk))

// An Effect is what a fault does to the bytes on a proxy. It is joined once by each stream that carries something while
// the effect is there; a Pass keeps what belongs to that stream.
type Effect interface {
	Join(s *Stream) Pass
}

// Stream is one direction of one connection through a proxy.
type Stream struct {
	Proxy     string // its name, such as "order-1 -> product-1"
	Conn      int    // the connection's number on this proxy since the cell began, from 1
	Direction Direction
	Seed      uint64 // follows from the cell's seed and the three above: where chance comes in, it starts from here

	conn   *conn
	seen   *[]Effect // the list of effects that passes belongs to
	passes []Pass
}

// Done is closed when the connection is cut.
func (s *Stream) Done() <-chan struct{} {
	if s.conn == nil {
		return nil
	}
	return s.conn.done
}

// Cut closes both ends of the connection; what is under way is lost. It says whether there was a connection to cut.
func (s *Stream) Cut() bool {
	return s.conn != nil && s.conn.cut()
}

// handle sends a chunk through every effect that is on the proxy now, and then out.
func (s *Stream) handle(effects *[]Effect, c Chunk, out func(Chunk)) {
	if effects != s.seen {
		s.join(effects)
	}
	chain(s.passes, c, out)
}

// join makes the passes of a new list of effects; effects that were there before keep theirs.
func (s *Stream) join(effects *[]Effect) {
	before := map[Effect]Pass{}
	if s.seen != nil {
		for i, e := range *s.seen {
			before[e] = s.passes[i]
		}
	}
	s.seen, s.passes = effects, nil
	for _, e := range *effects {
		pass, ok := before[e]
		if !ok {
			pass = e.Join(s)
		}
		s.passes = append(s.passes, pass)
	}
}

func chain(passes []Pass, c Chunk, out func(Chunk)) {
	if len(passes) == 0 {
		out(c)
		return
	}
	passes[0](c, func(c Chunk) { chain(passes[1:], c, out) })
}

// conn is one connection: two streams that live and die together.
type conn struct {
	number int
	done   chan struct{}
	once   sync.Once

	mu      sync.Mutex
	flowing int // streams that have not ended
	linger  *time.Timer
}

// lastWords is how long one direction may go on when the other has ended. Toxiproxy closes both sockets by then, and
// without a bound a stream whose receiver is gone would wait for ever to hand over its next chunk.
const lastWords = time.Second

func newConn(number int) *conn {
	return &conn{number: number, done: make(chan struct{}), flowing: 2}
}

// cut ends the connection and says whether this call was the one that did.
func (c *conn) cut() (now bool) {
	c.once.Do(func() { close(c.done); now = true })
	return now
}

// leave notes the end of one stream and says whether it was the second.
func (c *conn) leave() (both bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flowing--
	if c.flowing == 1 {
		c.linger = time.AfterFunc(lastWords, func() { c.cut() })
		return false
	}
	c.linger.Stop()
	c.cut()
	return true
}
