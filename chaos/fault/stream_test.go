package fault_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/cell/celltest"
	"stormglass/chaos/fault"
	"stormglass/internal/await"
)

// wire is a connection of the test's own through the proxy of the toy's line protocol.
type wire struct {
	net.Conn
	t   *testing.T
	in  *bufio.Reader
	all []int // sizes of what was read at once
}

func dialWire(t *testing.T, c *cell.Cell) *wire {
	t.Helper()
	proxies, err := c.Proxies(dbLink)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", proxies[0].Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	w := &wire{Conn: conn, t: t}
	w.in = bufio.NewReader(w)
	return w
}

// Read notes how much came at once.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.all = append(w.all, n)
	return n, err
}

func (w *wire) send(line string) {
	w.t.Helper()
	if _, err := io.WriteString(w, line+"\n"); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) want(line string) {
	w.t.Helper()
	got, err := w.in.ReadString('\n')
	if err != nil || got != "OK "+line+"\n" {
		w.t.Fatalf("got %q and error %v, want OK %s", got, err, line)
	}
}

func TestThrottleLetsNoMoreThroughThanWasAsked(t *testing.T) {
	c := celltest.Start(t, nil)
	w := dialWire(t, c)
	f := inject(t, c, fault.Spec{Do: "throttle", Link: dbLink, Rate: 2000, Direction: "request", For: time.Minute})
	line := strings.Repeat("x", 599)
	begin := time.Now()
	w.send(line)
	w.want(line)
	if took := time.Since(begin); took < 300*time.Millisecond {
		t.Errorf("600 bytes at 2000 a second took %s, want at least 300ms", took)
	}
	undo(t, f)
	d := f.Dose()
	wantHit(t, d, true)
	if d.Measures["bytes_throttled"] != 600 || d.Measures["connections_touched"] != 1 || d.Measures["max_added_ms"] < 300 {
		t.Errorf("got %v, want 600 bytes on one connection, and 300 ms", d.Measures)
	}
}

func TestTheEndOfAThrottleLetsGoWhatIsUnderWay(t *testing.T) {
	c := celltest.Start(t, nil)
	w := dialWire(t, c)
	f := inject(t, c, fault.Spec{Do: "throttle", Link: dbLink, Rate: 1, For: time.Minute})
	w.send("slow")
	undo(t, f)
	w.want("slow")
}

func TestAStallHealsWithoutLosingAByte(t *testing.T) {
	c := celltest.Start(t, nil)
	w := dialWire(t, c)
	w.send("before")
	w.want("before")
	proxies, err := c.Proxies(dbLink)
	if err != nil {
		t.Fatal(err)
	}
	before := proxies[0].Traffic().RequestBytes
	f := inject(t, c, fault.Spec{Do: "stall", Link: dbLink})
	w.send("one")
	w.send("two")
	await.NoError(t, func() error {
		if proxies[0].Traffic().RequestBytes == before {
			return errors.New("nothing has come to the proxy")
		}
		return nil
	})
	if err := w.SetReadDeadline(time.Now().Add(60 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.in.ReadString('\n'); !isTimeout(err) {
		t.Fatalf("got error %v from a stalled link, want a time-out", err)
	}
	if err := w.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	undo(t, f)
	d := f.Dose() // at once, as a run reads it
	w.want("one")
	w.want("two")
	wantHit(t, d, true)
	if d.Measures["connections_touched"] != 1 || d.Measures["bytes_held"] < 4 || d.Measures["max_held_ms"] < 60 {
		t.Errorf("got %v, want one connection, the first line at least, and at least 60 ms", d.Measures)
	}
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

func TestASlicedAnswerComesWholeInPieces(t *testing.T) {
	c := celltest.Start(t, nil)
	w := dialWire(t, c)
	line := strings.Repeat("abcdefghij", 5)
	f := inject(t, c, fault.Spec{Do: "slice", Link: dbLink, Size: 10, Latency: 20 * time.Millisecond, Direction: "response"})
	w.send(line)
	w.want(line)
	undo(t, f)
	d := f.Dose()
	wantHit(t, d, true)
	if d.Measures["chunks_sliced"] != 1 || d.Measures["pieces"] != 5 || len(w.all) < 3 {
		t.Errorf("got %v read in %v, want one chunk of 54 bytes cut at 5 places", d.Measures, w.all)
	}
}

func TestASliceThatCutsNothingIsNoHit(t *testing.T) {
	c := celltest.Start(t, nil)
	w := dialWire(t, c)
	f := inject(t, c, fault.Spec{Do: "slice", Link: dbLink, Size: 1000})
	w.send("short")
	w.want("short")
	undo(t, f)
	wantHit(t, f.Dose(), false)
}

func TestResetResetsLiveAndNewConnections(t *testing.T) {
	c := celltest.Start(t, func(o *cell.Options) { o.Abrupt = []string{dbLink} })
	live := dialWire(t, c)
	live.send("a")
	live.want("a")
	f := inject(t, c, fault.Spec{Do: "reset", Link: dbLink})
	if _, err := live.in.ReadString('\n'); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("live connection: got error %v, want a reset", err)
	}
	fresh := dialWire(t, c)
	fresh.send("b")
	if _, err := fresh.in.ReadString('\n'); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("new connection: got error %v, want a reset", err)
	}
	undo(t, f)
	d := f.Dose()
	wantHit(t, d, true)
	if d.Measures["connections_reset"] != 2 || d.Measures["new_connections_reset"] != 1 {
		t.Errorf("got %v, want two connections reset, one of them new", d.Measures)
	}
	after := dialWire(t, c)
	after.send("c")
	after.want("c")
}

func TestResetNeedsALinkThatWasPreparedForIt(t *testing.T) {
	c := celltest.Start(t, nil)
	_, err := fault.New(fault.Spec{Do: "reset", Link: dbLink, For: time.Second}, c, 1)
	if err == nil || !strings.Contains(err.Error(), "Abrupt") {
		t.Errorf("got error %v, want it to name what to set", err)
	}
}

func TestFlappingHoldsAndRestsInTurn(t *testing.T) {
	c := celltest.Start(t, nil)
	f := inject(t, c, fault.Spec{
		Do: "refuse", Link: dbLink, On: 40 * time.Millisecond, Off: 40 * time.Millisecond, For: time.Minute,
	})
	var answered, refused bool
	await.NoError(t, func() error {
		_, err := celltest.Get(c.Public() + "/line?text=a")
		answered, refused = answered || err == nil, refused || err != nil
		if d := f.Dose(); !answered || !refused || d.Measures["rounds_hit"] < 3 {
			return errors.New(d.Why)
		}
		return nil
	})
	undo(t, f)
	wantHit(t, f.Dose(), true)
	rounds := f.Dose().Measures["rounds"]
	// The toy may still hold a connection that was cut, and find that out by its first use.
	await.NoError(t, func() error { _, err := celltest.Get(c.Public() + "/line?text=after"); return err })
	if again := f.Dose().Measures["rounds"]; again != rounds {
		t.Errorf("it went on after its end: %v rounds, then %v", rounds, again)
	}
}

func TestASingleHitIsNoFlapping(t *testing.T) {
	c := celltest.Start(t, nil)
	f := inject(t, c, fault.Spec{Do: "kill", Process: "store", On: 500 * time.Millisecond, Off: 500 * time.Millisecond, For: time.Minute})
	undo(t, f)
	wantHit(t, f.Dose(), false)
}
