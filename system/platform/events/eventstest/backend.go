package eventstest

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"stormglass/system/platform/events"
	"stormglass/system/platform/telemetry"
)

// Kind is a kind of broker: how the suite gets its servers, and what it promises beyond the port.
type Kind struct {
	// Deduplicates says that an event which is published again within half a minute is not delivered again.
	Deduplicates bool
	// Ripening is how old a queue must be to outlive a kill of its server.
	Ripening time.Duration
	// Shared gives an empty broker on a server that other tests may use too.
	Shared func(t *testing.T) *Backend
	// Own gives a server for tests that kill it, one after the other; Empty gives each of them an empty broker on it.
	Own   func(t *testing.T) Mortal
	Empty func(t *testing.T, m Mortal) *Backend
}

// Mortal is a server that a test may kill, as kill -9 does.
type Mortal interface {
	Kill() error
	// Start starts it again with its data.
	Start() error
	// Wipe makes the next Start begin without data.
	Wipe() error
	URL() *url.URL
}

// Backend is an empty broker, reached over a line.
type Backend struct {
	tb testing.TB
	// Line is what Connect's brokers share.
	Line   *Line
	url    func() *url.URL
	server Mortal // nil when it is shared
	kind   Kind
}

func newBackend(tb testing.TB, at func() *url.URL, server Mortal) *Backend {
	return &Backend{tb: tb, url: at, server: server, Line: NewLine(tb, func() string { return at().Host })}
}

// URL is where clients find the broker.
func (b *Backend) URL() string { return b.via(b.Line) }

func (b *Backend) via(l *Line) string {
	u := *b.url()
	u.Host = l.Address()
	return u.String()
}

// Connect gives a connection over the line, which ends with the test.
func (b *Backend) Connect() events.Broker {
	return Connect(b.tb, telemetry.Discard("test"), b.URL())
}

// Aside gives a connection over a line of its own.
func (b *Backend) Aside() (events.Broker, *Line) {
	l := NewLine(b.tb, func() string { return b.url().Host })
	return Connect(b.tb, telemetry.Discard("test"), b.via(l)), l
}

// must fails the test for an error of its server.
func (b *Backend) must(err error) {
	b.tb.Helper()
	if err != nil {
		b.tb.Fatal(err)
	}
}

// ripen waits until a queue that was made by now will outlive its server.
func (b *Backend) ripen(t *testing.T) {
	t.Helper()
	ripe := time.Now().Add(b.kind.Ripening)
	WaitFor(t, func() error {
		if left := time.Until(ripe); left > 0 {
			return fmt.Errorf("the queues ripen for %v more", left)
		}
		return nil
	})
}

func (b *Backend) kill()  { b.tb.Helper(); b.must(b.server.Kill()) }
func (b *Backend) start() { b.tb.Helper(); b.must(b.server.Start()) }
