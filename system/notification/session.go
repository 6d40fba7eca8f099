package notification

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/wneessen/go-mail"

	"stormglass/system/platform/boot"
)

// longestTalk bounds one e-mail for a caller whose context has no end. It is longer than any policy's time-out, so that
// it is the context that ends a wait, and is seen to.
const longestTalk = time.Minute

// sessions are connections to a mailbox server, kept for the next e-mail: greeting and TLS cost more than the e-mail.
type sessions struct {
	host string
	// tls: the connection is encrypted from the first byte.
	tls     bool
	options []mail.Option

	mu     sync.Mutex
	closed bool
	idle   []*session
}

// session is one connection. It belongs to one sender at a time.
type session struct {
	client *mail.Client
	// tls is the server's name where the connection is encrypted from the first byte.
	tls string

	mu   sync.Mutex
	conn net.Conn
}

// newSessions reads a URL such as smtp://host:port or smtps://user:password@host:465. With smtp, TLS is used where the
// server offers it; with smtps from the first byte.
func newSessions(smtpURL boot.Secret) (*sessions, error) {
	wrong := func(what string) error {
		return fmt.Errorf("%w: SMTP_URL: %s: want smtp://host:port or smtps://user:password@host:port", boot.ErrUsage, what)
	}
	u, err := url.Parse(string(smtpURL))
	if err != nil {
		return nil, wrong("not a URL") // the parser's own error would show the password
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil || u.Hostname() == "" {
		return nil, wrong("no host and port in it")
	}
	if u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, wrong(fmt.Sprintf("unknown scheme %q", u.Scheme))
	}
	s := &sessions{host: u.Hostname(), tls: u.Scheme == "smtps", options: []mail.Option{
		mail.WithPort(port), mail.WithTimeout(longestTalk), mail.WithHELO("shop"), mail.WithoutRset(), mail.WithoutNoop(), mail.WithTLSPolicy(mail.TLSOpportunistic),
	}}
	if s.tls {
		s.options = append(s.options, mail.WithTLSPolicy(mail.NoTLS)) // there is nothing left to encrypt
	}
	if password, ok := u.User.Password(); ok { // refused by the client where the connection is not encrypted
		s.options = append(s.options, mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	s.options = slices.Clip(s.options)
	return s, nil
}

// send sends an e-mail over an idle connection that still answers, or over a new one. When a connection breaks, the idle
// ones go with it: what broke it has most likely broken them too, and each would cost a time-out to find out.
func (s *sessions) send(ctx context.Context, email *mail.Msg) error {
	if c := s.take(); c != nil {
		err := c.send(ctx, email)
		if !stale(err) || ctx.Err() != nil {
			return s.settle(ctx, c, email, err)
		}
		s.drop(c)
	}
	c, err := s.dial(ctx)
	if err != nil {
		return meaning(ctx, err)
	}
	return s.settle(ctx, c, email, c.send(ctx, email))
}

// stale says that a connection broke at the first word of an e-mail: it was closed while it was idle, and the e-mail can
// not have gone out on it. To ask first whether it still answers would be one more round trip for each e-mail.
func stale(err error) bool {
	refused, ok := errors.AsType[*mail.SendError](err)
	return ok && (refused.Reason == mail.ErrConnCheck || refused.Reason == mail.ErrSMTPMailFrom && (refused.ErrorCode() == 0 || refused.ErrorCode() == 421))
}

// settle decides what becomes of the connection, and gives the error its meaning.
func (s *sessions) settle(ctx context.Context, c *session, email *mail.Msg, err error) error {
	refused, answered := errors.AsType[*mail.SendError](err)
	switch {
	case err == nil, answered && refused.Reason == mail.ErrSMTPRcptTo && refused.ErrorCode() != 421 && refused.ErrorCode() != 0:
		s.give(c)
	default:
		s.drop(c)
	}
	if err == nil || email.IsDelivered() {
		return nil
	}
	return meaning(ctx, err)
}

func (s *sessions) take() *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) == 0 {
		return nil
	}
	last := len(s.idle) - 1
	c := s.idle[last]
	s.idle = s.idle[:last]
	return c
}

func (s *sessions) give(c *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.abort()
		return
	}
	s.idle = append(s.idle, c)
}

// drop closes a connection that broke, and all that are idle.
func (s *sessions) drop(c *session) {
	c.abort()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.idle {
		other.abort()
	}
	s.idle = nil
}

// goodbyeLimit is how long the server may take for all goodbyes together.
const goodbyeLimit = 500 * time.Millisecond

// close says goodbye on all idle connections. Those in use are closed when they come back.
func (s *sessions) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, goodbyeLimit)
	defer cancel()
	s.mu.Lock()
	idle := s.idle
	s.idle, s.closed = nil, true
	s.mu.Unlock()
	for _, c := range idle {
		stop := context.AfterFunc(ctx, c.abort)
		_ = c.client.Close() // the server may have gone first
		stop()
		c.abort()
	}
	return nil
}

func (s *sessions) dial(ctx context.Context) (*session, error) {
	c := &session{}
	if s.tls {
		c.tls = s.host
	}
	client, err := mail.NewClient(s.host, append(s.options, mail.WithDialContextFunc(c.dial))...)
	if err != nil {
		return nil, fmt.Errorf("make SMTP client: %w", err)
	}
	c.client = client
	defer context.AfterFunc(ctx, c.abort)()
	if err := client.DialWithContext(ctx); err != nil {
		c.abort()
		return nil, err
	}
	return c, nil
}

// dial opens the connection, and keeps a hand on it: the client watches no context once it is connected.
func (c *session) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.conn = conn
	c.mu.Unlock()
	if c.tls == "" {
		return conn, nil
	}
	encrypted := tls.Client(conn, &tls.Config{ServerName: c.tls})
	return encrypted, encrypted.HandshakeContext(ctx)
}

// send sends an e-mail, and breaks off when ctx ends.
func (c *session) send(ctx context.Context, email *mail.Msg) error {
	defer context.AfterFunc(ctx, c.abort)()
	return c.client.Send(email)
}

// abort closes the connection in mid-sentence.
func (c *session) abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		_ = c.conn.Close() // it is being given up; nothing can be done about an error
	}
}
