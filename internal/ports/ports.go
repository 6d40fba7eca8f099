// Package ports hands out ports of the loopback interface that stay reserved: for servers that have to be told their port
// before they start, and for those that must find it free again when they start anew. A port that was listened on to learn
// its number and then let go is anybody's: the kernel may give it to the next connection.
package ports

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// Ports come in blocks. A harness, or a test program, holds a block by listening on its first port: that keeps every other
// one on the machine out, whoever runs it, and the kernel gives the block back however its holder ends. The other ports of
// a block need no holding against programs that let the kernel choose, see outside. A program with a port of its own
// choice in this range is passed over while it listens; one that starts later gets in the way of a server that is down.
const blockSize = 100

// span is a range of ports, both ends included.
type span struct{ low, high int }

// preferredPorts is where ports come from unless the kernel hands out ephemeral ones there.
var preferredPorts = span{20000, 31999}

// Ports hands out addresses on the loopback interface that stay reserved until Release. It is not safe for concurrent use.
type Ports struct {
	from span
	next int // the next port to try; a multiple of blockSize begins a block that is not held yet
	held []net.Listener
}

// New begins to hand out ports; it holds none yet.
func New() (*Ports, error) {
	from, err := outside(ephemeralPorts())
	if err != nil {
		return nil, err
	}
	return &Ports{from: from, next: (from.low + blockSize - 1) / blockSize * blockSize}, nil
}

// Take reserves one address that nobody listens on.
func (p *Ports) Take() (string, error) {
	for p.next <= p.from.high {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(p.next))
		switch {
		case p.next%blockSize > 0:
			p.next++
			if Probe(addr) == nil {
				return addr, nil
			}
		case p.hold(addr):
			p.next++
		default:
			p.next += blockSize
		}
	}
	return "", fmt.Errorf("take port: none is free between %d and %d; other runs hold them", p.from.low, p.from.high)
}

// hold takes the block that begins at an address, or says that somebody else has it.
func (p *Ports) hold(addr string) bool {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	p.held = append(p.held, l)
	return true
}

// Files are the held ports for another process, the guard: while it lives, the processes that it has yet to kill may listen
// in these blocks, and no other harness may take them for free.
func (p *Ports) Files() (files []*os.File, err error) {
	for _, l := range p.held {
		tcp, ok := l.(*net.TCPListener)
		if !ok {
			return files, fmt.Errorf("hold ports: %s is no TCP listener", l.Addr())
		}
		file, err := tcp.File()
		if err != nil {
			return files, fmt.Errorf("hold ports: %w", err)
		}
		files = append(files, file)
	}
	return files, nil
}

// Release gives everything back.
func (p *Ports) Release() error {
	var errs []error
	for _, l := range p.held {
		errs = append(errs, l.Close())
	}
	p.held = nil
	return errors.Join(errs...)
}

// Probe says whether an address can be listened on.
func Probe(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return l.Close()
}

// ephemeralPorts is the range from which the kernel picks ports for outgoing connections. Where it cannot be read it is
// taken for the one that IANA names, which macOS uses.
func ephemeralPorts() span {
	data, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if fields := strings.Fields(string(data)); err == nil && len(fields) == 2 {
		low, err1 := strconv.Atoi(fields[0])
		high, err2 := strconv.Atoi(fields[1])
		if err1 == nil && err2 == nil {
			return span{low, high}
		}
	}
	return span{49152, 65535}
}

// outside picks a range of ports that the kernel never picks from by itself: a proxy that was closed for a while must
// find its port free.
func outside(ephemeral span) (span, error) {
	below := span{10000, min(preferredPorts.high, ephemeral.low-1)}
	above := span{max(preferredPorts.low, ephemeral.high+1), 65535}
	switch {
	case ephemeral.low > preferredPorts.high || ephemeral.high < preferredPorts.low:
		return preferredPorts, nil
	case below.size() >= above.size() && below.size() >= 10*blockSize:
		return below, nil
	case above.size() >= 10*blockSize:
		return above, nil
	}
	return span{}, fmt.Errorf("choose ports: the ephemeral range %d–%d leaves none over; narrow it with "+
		"sysctl net.ipv4.ip_local_port_range=32768\\ 60999", ephemeral.low, ephemeral.high)
}

func (s span) size() int { return s.high - s.low + 1 }
