package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// wire is a connection's place on the link of the embedded tier.
type wire struct {
	net.Conn
	answers *bufio.Reader
	stale   bool // a context that ended at the last moment may still touch the deadline
}

// errGarbled is an answer that no responder gives.
var errGarbled = errors.New("the link's responder did not answer OK")

func dial(ctx context.Context, address string) (*wire, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, linkAway(err)
	}
	return &wire{Conn: c, answers: bufio.NewReaderSize(c, 64)}, nil
}

// say makes one round trip: `WORD name\n`, answered by `OK\n`. After an error the wire must not be used again.
func (w *wire) say(ctx context.Context, word, name string) error {
	stop := context.AfterFunc(ctx, func() { _ = w.SetDeadline(time.Unix(1, 0)) })
	defer func() { w.stale = !stop() }()
	if err := w.SetDeadline(time.Now().Add(stepLimit)); err != nil {
		return linkAway(err)
	}
	if ctx.Err() != nil { // AfterFunc may have been faster than the line above
		return ctx.Err()
	}
	if _, err := fmt.Fprintf(w.Conn, "%s %s\n", word, name); err != nil {
		return linkAway(err)
	}
	answer, err := w.answers.ReadSlice('\n')
	if err != nil {
		return linkAway(err)
	}
	if string(answer) != "OK\n" {
		return linkAway(errGarbled)
	}
	return nil
}

func linkAway(err error) error {
	if network, ok := errors.AsType[net.Error](err); ok && network.Timeout() {
		return late(err)
	}
	return away(err)
}

// alive looks without waiting whether the other side has closed a connection on which nobody owes an answer.
func (w *wire) alive() bool {
	if w.stale {
		return false
	}
	raw, err := w.Conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return false
	}
	var got error
	err = raw.Read(func(fd uintptr) bool {
		_, got = syscall.Read(int(fd), make([]byte, 1))
		return true
	})
	return err == nil && (errors.Is(got, syscall.EAGAIN) || errors.Is(got, syscall.EWOULDBLOCK))
}
