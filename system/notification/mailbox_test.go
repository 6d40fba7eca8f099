package notification

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// link makes a link with a policy for tests: patient, and without a breaker.
func link(t *testing.T, server string, attempts int) *resilience.Link {
	t.Helper()
	return linkWithin(t, server, attempts, 30*time.Second)
}

// linkWithin is link with a bound for each attempt.
func linkWithin(t *testing.T, server string, attempts int, limit time.Duration) *resilience.Link {
	t.Helper()
	p := resilience.Policy{Deadline: 2 * time.Minute, AttemptTimeout: limit, Attempts: attempts}
	if attempts > 1 {
		p.Backoff, p.MaxBackoff, p.RetryRatio, p.RetryBurst = time.Millisecond, time.Millisecond, 1, 10
	}
	l, err := resilience.New(telemetry.Discard("notification"), "notification", server, p)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newMailbox(t *testing.T, url string) mailbox {
	t.Helper()
	s, err := newSessions(boot.Secret(url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close(t.Context()) }) // never fails
	return mailbox{link(t, "mailbox", 1), s, "Shop <shop@example.org>"}
}

func ada(n string) Letter {
	return Letter{ID: n + "@shop", To: "ada@example.org", Title: "Hello", Body: "Good day to you.\n"}
}

func (s *smtpServer) wantGot(want ...string) {
	s.t.Helper()
	var ids []string
	for _, m := range s.got() {
		ids = append(ids, m.id)
	}
	if got := strings.Join(ids, " "); got != strings.Join(want, " ") {
		s.t.Errorf("the server has %q, want %q", got, want)
	}
}

func TestEmailsGoOutWithTheirIDsOverOneConnection(t *testing.T) {
	server := startSMTP(t)
	box := newMailbox(t, "smtp://"+server.addr)
	for _, n := range []string{"1", "2", "3"} {
		if err := box.Send(t.Context(), ada(n)); err != nil {
			t.Fatal(err)
		}
	}
	server.wantGot("<1@shop>", "<2@shop>", "<3@shop>")
	if m := server.got()[0]; m.to != "ada@example.org" || m.subject != "Hello" || !strings.Contains(m.body, "Good day to you.") {
		t.Errorf("got %+v", m)
	}
	if got := server.connections(); got != 1 {
		t.Errorf("used %d connections, want 1", got)
	}
}

func TestAnswersToTheRecipientSayWhetherToTryAgain(t *testing.T) {
	for code, want := range map[int]problem.Code{550: problem.Invalid, 553: problem.Invalid, 450: problem.Conflict, 421: problem.Unavailable} {
		server := startSMTP(t)
		box := newMailbox(t, "smtp://"+server.addr)
		server.behave(func(to string) error {
			return &smtp.SMTPError{Code: code, Message: "no <" + to + "> here"}
		}, nil)
		err := box.Send(t.Context(), ada("1"))
		if problem.CodeOf(err) != want || mayHaveArrived(err) {
			t.Errorf("%d: got %v, want %s and an e-mail that did not arrive", code, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "ada@") {
			t.Errorf("%d: the error shows the address: %v", code, err)
		}
		server.behave(nil, nil)
		if err := box.Send(t.Context(), ada("2")); err != nil {
			t.Errorf("after %d: %v", code, err)
		}
		server.wantGot("<2@shop>")
	}
}

func TestAnswersToTheContentSayWhoseFaultItIs(t *testing.T) {
	for code, want := range map[int]problem.Code{554: problem.Invalid, 451: problem.Unavailable} {
		server := startSMTP(t)
		box := newMailbox(t, "smtp://"+server.addr)
		server.behave(nil, func(*smtp.Conn) error { return &smtp.SMTPError{Code: code, Message: "not this"} })
		if err := box.Send(t.Context(), ada("1")); problem.CodeOf(err) != want || mayHaveArrived(err) {
			t.Errorf("%d: got %v, want %s and an e-mail that did not arrive", code, err, want)
		}
	}
}

func TestALostConfirmationIsAnOutageAndTheEmailKeepsItsID(t *testing.T) {
	server := startSMTP(t)
	box := newMailbox(t, "smtp://"+server.addr)
	server.behave(nil, func(c *smtp.Conn) error { return c.Conn().Close() })
	if err := box.Send(t.Context(), ada("1")); !problem.CodeOf(err).Outage() || !mayHaveArrived(err) {
		t.Errorf("got %v, want an outage that leaves open whether the e-mail arrived", err)
	}
	server.behave(nil, nil)
	if err := box.Send(t.Context(), ada("1")); err != nil {
		t.Error(err)
	}
	server.wantGot("<1@shop>", "<1@shop>")
}

func TestAConnectionThatWasClosedWhileIdleIsReplaced(t *testing.T) {
	server := startSMTP(t)
	box := newMailbox(t, "smtp://"+server.addr)
	for _, n := range []string{"1", "2"} {
		if err := box.Send(t.Context(), ada(n)); err != nil {
			t.Fatal(err)
		}
		server.hangUp()
	}
	server.wantGot("<1@shop>", "<2@shop>")
}

func TestAServerThatDoesNotAnswerIsLeftInTime(t *testing.T) {
	server := startSMTP(t)
	box := newMailbox(t, "smtp://"+server.addr)
	box.link = linkWithin(t, "mailbox", 1, 500*time.Millisecond)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	server.behave(nil, func(*smtp.Conn) error { <-release; return nil })
	start := time.Now()
	err := box.Send(t.Context(), ada("1"))
	if took := time.Since(start); problem.CodeOf(err) != problem.Timeout || took > 20*time.Second {
		t.Errorf("after %v got %v, want a time-out after half a second", took, err)
	}
	if !mayHaveArrived(err) {
		t.Errorf("got %v, want it left open whether the e-mail arrived", err)
	}
	server.behave(nil, nil)
	box.link = link(t, "mailbox", 1)
	if err := box.Send(t.Context(), ada("2")); err != nil {
		t.Errorf("the next e-mail: %v", err)
	}
}

func TestAServerThatIsAwayIsAnOutage(t *testing.T) {
	server := startSMTP(t)
	server.stop()
	box := newMailbox(t, "smtp://"+server.addr)
	if err := box.Send(t.Context(), ada("1")); problem.CodeOf(err) != problem.Unavailable || mayHaveArrived(err) {
		t.Errorf("got %v, want unavailable and an e-mail that did not arrive", err)
	}
}

func TestAnAddressThatIsNoneIsRefusedWithoutShowingIt(t *testing.T) {
	box := newMailbox(t, "smtp://"+startSMTP(t).addr)
	l := ada("1")
	l.To = "nonsense <<"
	err := box.Send(t.Context(), l)
	if problem.CodeOf(err) != problem.Invalid || strings.Contains(err.Error(), "nonsense") {
		t.Errorf("got %v, want invalid", err)
	}
}

func TestSendersAtTheSameTimeEachHaveAConnection(t *testing.T) {
	server := startSMTP(t)
	box := newMailbox(t, "smtp://"+server.addr)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 10 {
				if err := box.Send(t.Context(), ada("1")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := len(server.got()); got != 40 {
		t.Errorf("%d e-mails arrived, want 40", got)
	}
	if got := server.connections(); got > 4 {
		t.Errorf("used %d connections, want at most 4", got)
	}
}

func TestAPasswordDoesNotTravelUnencrypted(t *testing.T) {
	server := startSMTP(t)
	box := newMailbox(t, "smtp://user:hunter22@"+server.addr)
	err := box.Send(t.Context(), ada("1"))
	if !problem.CodeOf(err).Outage() || strings.Contains(err.Error(), "hunter22") {
		t.Errorf("got %v, want a refusal that does not show the password", err)
	}
	server.wantGot()
}

func TestAWrongSMTPURLIsTheOperatorsToCorrect(t *testing.T) {
	for _, url := range []string{"", "127.0.0.1:25", "http://127.0.0.1:25", "smtp://127.0.0.1", "smtp://:hunter22@[", "smtp://user:hunter22@host:port"} {
		_, err := newSessions(boot.Secret(url))
		if !errors.Is(err, boot.ErrUsage) || !strings.Contains(err.Error(), "SMTP_URL") || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%q: got %v", url, err)
		}
	}
}

// What the user service lets register is what can be written to; both ask the same package.
func TestAddressesOfTheUserServiceAreReached(t *testing.T) {
	server := startSMTP(t)
	box := newMailbox(t, "smtp://"+server.addr)
	var want []string
	for _, to := range []string{
		"ada@example.org", "a.b+shop@example.org", "o'brien@example.org", "!#$%&'*+/=?^_`{|}~-@example.org", "42@1.2.example", "ada@xn--mnchen-3ya.example",
		strings.Repeat("a", 64) + "@example.org", "a@" + strings.Repeat("b", 63) + ".example",
	} {
		l := ada("1")
		l.To = to
		if err := box.Send(t.Context(), l); err != nil {
			t.Errorf("%s: %v", to, err)
		}
		want = append(want, to)
	}
	for i, m := range server.got() {
		if m.to != want[i] {
			t.Errorf("got an e-mail to %q, want %q", m.to, want[i])
		}
	}
	for _, to := range []string{"a..b@example.com", ".a@example.com", "a.@example.com", `"a b"@example.com`, "ädä@example.com", "ada@münchen.example", "ada@example"} {
		l := ada("1")
		l.To = to
		if err := box.Send(t.Context(), l); problem.ReasonOf(err) != "address_malformed" || strings.Contains(err.Error(), to) {
			t.Errorf("%s: got %v, want address_malformed", to, err)
		}
	}
	if got := len(server.got()); got != len(want) {
		t.Errorf("%d e-mails arrived, want %d", got, len(want))
	}
}
