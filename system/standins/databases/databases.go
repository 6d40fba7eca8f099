// Package databases stands in for the network between a service and its database, which a file has not.
//
//	client                                   responder
//	  ── STATEMENT consume q.inventory\n ──▶
//	  ◀────────────────────────────── OK\n ──
//
// Each line is a word (BEGIN, STATEMENT, COMMIT, COMMITTED or ROLLBACK), a space, and the name of the transaction, at
// most 255 bytes. A line that is none gets ERR and the reason, and the connection ends.
package databases

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"

	"stormglass/system/platform/boot"
	"stormglass/system/standins/front"
)

// maxLine is the longest line, its end included, in bytes.
const maxLine = 256

type settings struct {
	Wire string `env:"WIRE_ADDR,required,notEmpty"`
	HTTP string `env:"HTTP_ADDR,required,notEmpty"`
}

// Run answers until the program stops.
func Run(ctx context.Context, rt *boot.Runtime) error {
	var s settings
	if err := boot.Settings(&s); err != nil {
		return err
	}
	l, err := boot.Listen(s.Wire)
	if err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	r := &Responder{}
	rt.Serve("wire", l, r.Serve, func(context.Context) error { return r.Close() })
	return front.Serve(ctx, rt, s.HTTP, http.NewServeMux())
}

// Responder answers each line with OK. Its zero value is ready to serve.
type Responder struct {
	mu     sync.Mutex
	closed bool
	open   map[io.Closer]bool
	wg     sync.WaitGroup
}

// Serve answers on each connection that the listener accepts, until Close.
func (r *Responder) Serve(l net.Listener) error {
	if !r.hold(l) {
		return nil
	}
	for {
		c, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("accept connection: %w", err)
		}
		if !r.hold(c) {
			return nil
		}
		r.wg.Go(func() {
			defer r.release(c)
			answer(c)
		})
	}
}

// Close ends all connections and waits until they are gone.
func (r *Responder) Close() error {
	r.mu.Lock()
	r.closed = true
	for c := range r.open {
		_ = c.Close() // whoever reads from it learns of it
	}
	r.mu.Unlock()
	r.wg.Wait()
	return nil
}

// hold remembers what Close must close; after Close it closes at once and says false.
func (r *Responder) hold(c io.Closer) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		_ = c.Close() // nothing was said on it
		return false
	}
	if r.open == nil {
		r.open = map[io.Closer]bool{}
	}
	r.open[c] = true
	return true
}

func (r *Responder) release(c io.Closer) {
	_ = c.Close() // the other side has closed it, or is told so
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, c)
}

// answer ends with the connection: whoever lost it knows more about why than we do.
func answer(c io.ReadWriter) {
	ok := []byte("OK\n")
	lines := bufio.NewReaderSize(c, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			fmt.Fprintf(c, "ERR a line has at most %d bytes\n", maxLine)
			return
		}
		if err != nil {
			return
		}
		if !understood(line) {
			fmt.Fprintln(c, "ERR expected BEGIN, STATEMENT, COMMIT, COMMITTED or ROLLBACK, a space and a name")
			return
		}
		if _, err := c.Write(ok); err != nil {
			return
		}
	}
}

func understood(line []byte) bool {
	word, name, _ := bytes.Cut(bytes.TrimRight(line, "\n"), []byte(" "))
	switch string(word) {
	case "BEGIN", "STATEMENT", "COMMIT", "COMMITTED", "ROLLBACK":
		return len(name) > 0
	}
	return false
}
