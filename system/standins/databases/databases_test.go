package databases_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"stormglass/system/standins/databases"
)

func start(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &databases.Responder{}
	done := make(chan error, 1)
	go func() { done <- r.Serve(l) }()
	t.Cleanup(func() {
		_ = r.Close() // always nil; it closes the listener too
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return l.Addr().String()
}

func dial(t testing.TB, addr string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the responder may have closed it
	if err := c.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(c)
}

func TestEachLineOfATransactionIsAnswered(t *testing.T) {
	c, answers := dial(t, start(t))
	for _, word := range []string{"BEGIN", "STATEMENT", "STATEMENT", "COMMIT", "COMMITTED", "BEGIN", "ROLLBACK"} {
		fmt.Fprintf(c, "%s consume q.inventory\n", word)
		if got, err := answers.ReadString('\n'); err != nil || got != "OK\n" {
			t.Fatalf("%s: got %q, %v, want OK", word, got, err)
		}
	}
}

func TestALineInTwoPiecesIsOneLine(t *testing.T) {
	c, answers := dial(t, start(t))
	for _, piece := range []string{"BEG", "IN place order\nCOM", "MIT place order\n"} {
		fmt.Fprint(c, piece)
	}
	for range 2 {
		if got, err := answers.ReadString('\n'); err != nil || got != "OK\n" {
			t.Fatalf("got %q, %v, want OK", got, err)
		}
	}
}

func TestWhatIsNoLineIsRefusedAndTheConnectionEnds(t *testing.T) {
	addr := start(t)
	for _, line := range []string{"HELLO you", "begin x", "BEGIN", "BEGIN ", "", "STATEMENT " + strings.Repeat("x", 300)} {
		c, answers := dial(t, addr)
		fmt.Fprintln(c, line)
		if got, err := answers.ReadString('\n'); err != nil || !strings.HasPrefix(got, "ERR ") {
			t.Errorf("%.20q: got %q, %v, want ERR and the reason", line, got, err)
		}
		if got, err := answers.ReadString('\n'); err == nil {
			t.Errorf("%.20q: got %q after the refusal, want the end", line, got)
		}
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	c, answers := dial(b, start(b))
	line := []byte("STATEMENT consume q.inventory\n")
	for b.Loop() {
		if _, err := c.Write(line); err != nil {
			b.Fatal(err)
		}
		if _, err := answers.ReadSlice('\n'); err != nil {
			b.Fatal(err)
		}
	}
}
