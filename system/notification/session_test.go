package notification

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"stormglass/system/platform/boot"
)

// rude answers everything but a goodbye, on one connection.
func rude(l net.Listener) {
	c, err := l.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	fmt.Fprint(c, "220 here\r\n")
	body := false
	for lines := bufio.NewScanner(c); lines.Scan(); {
		switch line := lines.Text(); {
		case line == "QUIT", body && line != ".":
		case line == "DATA":
			body = true
			fmt.Fprint(c, "354 go on\r\n")
		default:
			body = false
			fmt.Fprint(c, "250 "+strings.ToLower(line)+"\r\n")
		}
	}
}

func TestAServerThatDoesNotSayGoodbyeDoesNotHoldTheTeardownUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go rude(l)
	s, err := newSessions(boot.Secret("smtp://" + l.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	if err := (mailbox{link(t, "mailbox", 1), s, "Shop <shop@example.org>"}).Send(t.Context(), ada("1")); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := s.close(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > goodbyeLimit+20*time.Second {
		t.Errorf("closing took %v", took)
	}
}
