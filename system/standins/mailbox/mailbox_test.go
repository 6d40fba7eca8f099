package mailbox

import (
	"encoding/json"
	"errors"
	"net"
	"net/http/httptest"
	"net/smtp"
	"net/textproto"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/wneessen/go-mail"
)

// start runs a mailbox on a book that may be there already, and gives its SMTP port.
func start(t *testing.T, path string) (*Book, *net.TCPAddr) {
	t.Helper()
	b, err := Open(path)
	if err != nil {
		t.Fatalf("open book: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := newServer(b, zerolog.Nop())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(stop(srv, l), <-done, b.Close()); err != nil {
			t.Errorf("stop mailbox: %v", err)
		}
	})
	return b, l.Addr().(*net.TCPAddr)
}

// read gives what an address of the HTTP side shows.
func read(t *testing.T, b *Book, path string) (messages []Message, text string) {
	t.Helper()
	w := httptest.NewRecorder()
	b.Routes().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
	var books struct{ Messages []Message }
	if err := json.Unmarshal(w.Body.Bytes(), &books); err != nil {
		t.Fatalf("decode %s: %v", w.Body, err)
	}
	return books.Messages, w.Body.String()
}

func TestAMailClientsMessageIsKeptAsItWasMeant(t *testing.T) {
	b, addr := start(t, filepath.Join(t.TempDir(), "book"))
	m := mail.NewMsg()
	if err := errors.Join(m.From("shop@shop.example"), m.To("ada@customer.example")); err != nil {
		t.Fatal(err)
	}
	m.Subject("Bestellung bestätigt – danke")
	m.SetMessageIDWithValue("event-1@shop.example")
	m.SetBodyString(mail.TypeTextPlain, "Grüße,\nder Laden")
	m.AddAlternativeString(mail.TypeTextHTML, "<p>Grüße</p>")
	c, err := mail.NewClient(addr.IP.String(), mail.WithPort(addr.Port), mail.WithTLSPolicy(mail.NoTLS), mail.WithHELO("shop"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.DialAndSendWithContext(t.Context(), m); err != nil {
		t.Fatalf("send: %v", err)
	}
	got, _ := read(t, b, "/books")
	if len(got) != 1 {
		t.Fatalf("got %d messages, want 1", len(got))
	}
	g := got[0]
	if g.MessageID != "event-1@shop.example" || g.From != "shop@shop.example" || len(g.To) != 1 || g.To[0] != "ada@customer.example" {
		t.Errorf("got envelope %q from %q to %q", g.MessageID, g.From, g.To)
	}
	if g.Subject != "Bestellung bestätigt – danke" || strings.TrimSpace(g.Body) != "Grüße,\nder Laden" || g.ReceivedAt.IsZero() {
		t.Errorf("got subject %q, body %q at %s", g.Subject, g.Body, g.ReceivedAt)
	}
	if g.Headers["Mime-Version"][0] != "1.0" {
		t.Errorf("got headers %v", g.Headers)
	}
}

func send(addr *net.TCPAddr, to, id string) error {
	return smtp.SendMail(addr.String(), nil, "shop@shop.example", []string{to}, []byte("Message-ID: <"+id+">\r\nSubject: s\r\n\r\nb\r\n"))
}

func TestABookSurvivesAKillInTheSameOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book")
	before, addr := start(t, path)
	for _, id := range []string{"1", "2", "2"} { // it keeps what comes twice: that is for others to judge
		if err := send(addr, "ada@customer.example", id); err != nil {
			t.Fatal(err)
		}
	}
	_, want := read(t, before, "/books")
	after, _ := start(t, path) // the first one was never closed
	if messages, got := read(t, after, "/books"); got != want || len(messages) != 3 {
		t.Errorf("got books %s\nwant %s", got, want)
	}
}

func TestAMailboxThatDoesNotExistIsRefused(t *testing.T) {
	b, addr := start(t, filepath.Join(t.TempDir(), "book"))
	err := send(addr, "nobody@Reject.example", "1")
	if refused, ok := errors.AsType[*textproto.Error](err); !ok || refused.Code != 550 {
		t.Errorf("got %v, want 550", err)
	}
	if err := send(addr, "ada@customer.example", "2"); err != nil {
		t.Errorf("send to another: %v", err)
	}
	if got, _ := read(t, b, "/books"); len(got) != 1 || got[0].MessageID != "2" {
		t.Errorf("got %+v, want only message 2", got)
	}
}

func TestMessagesAreFoundByRecipient(t *testing.T) {
	b, addr := start(t, filepath.Join(t.TempDir(), "book"))
	for _, to := range []string{"ada@customer.example", "bob@customer.example"} {
		if err := send(addr, to, to); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := read(t, b, "/messages?to=Bob@customer.example"); len(got) != 1 || got[0].To[0] != "bob@customer.example" {
		t.Errorf("got %+v, want bob's message", got)
	}
	if got, _ := read(t, b, "/messages?to=eve@customer.example"); len(got) != 0 {
		t.Errorf("got %+v, want none", got)
	}
}

func TestAServerThatIsStoppedBeforeItServesDoesNotWaitForClients(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := newServer(nil, zerolog.Nop())
	if err := stop(srv, l); err != nil {
		t.Fatalf("stop: %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("serve after stop: got %v, want nothing to be wrong", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it waits for clients on a port that nobody will close")
	}
}

func TestManySendersAtOnceLoseNothing(t *testing.T) {
	b, addr := start(t, filepath.Join(t.TempDir(), "book"))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := send(addr, "ada@customer.example", "x"); err != nil {
				t.Errorf("send: %v", err)
			}
		})
	}
	wg.Wait()
	if got, _ := read(t, b, "/books"); len(got) != 20 {
		t.Errorf("got %d messages, want 20", len(got))
	}
}

func TestTextsAreDecodedAndWhatCannotBeIsKeptAsItCame(t *testing.T) {
	for name, c := range map[string]struct{ message, body string }{
		"plain":            {"Subject: s\r\n\r\nhello\r\n", "hello\n"},
		"quoted-printable": {"Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe", "Grüße"},
		"base64":           {"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=", "hello"},
		"broken base64":    {"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%", "%%%"},
		"only HTML":        {"Content-Type: text/html\r\n\r\n<p>hello</p>", "<p>hello</p>"},
		"parts": {"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n--b\r\n" +
			"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n--b--\r\n", "hi"},
		"parts without a boundary": {"Content-Type: multipart/mixed\r\n\r\nhello", "hello"},
	} {
		m, err := parse(strings.NewReader(c.message))
		if err != nil || m.Body != c.body {
			t.Errorf("%s: got body %q, %v, want %q", name, m.Body, err, c.body)
		}
	}
	if _, err := parse(strings.NewReader("no header at all")); err == nil {
		t.Error("something that is no message was taken for one")
	}
}
