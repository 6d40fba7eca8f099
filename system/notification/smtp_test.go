package notification

import (
	"io"
	"net"
	"net/mail"
	"slices"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"stormglass/internal/ports/portstest"
)

// smtpServer is a mailbox server that keeps e-mails and misbehaves as a test wants.
type smtpServer struct {
	t    *testing.T
	addr string

	mu       sync.Mutex
	server   *smtp.Server
	listener net.Listener
	dialled  int
	open     []*smtp.Conn
	messages []received
	// onRcpt and onData, where set, answer in the server's place. onData does so after the e-mail was kept.
	onRcpt func(to string) error
	onData func(c *smtp.Conn) error
}

// received is an e-mail that arrived.
type received struct {
	id, to, subject, body string
	header                mail.Header
}

// startSMTP starts a server that ends with the test.
func startSMTP(t *testing.T) *smtpServer {
	t.Helper()
	s := &smtpServer{t: t, addr: portstest.Free(t)}
	s.start()
	t.Cleanup(s.stop)
	return s
}

// start starts the server, again on the same port after stop.
func (s *smtpServer) start() {
	s.t.Helper()
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	server := smtp.NewServer(s)
	server.ErrorLog = silent{}
	s.mu.Lock()
	s.addr, s.server, s.listener = l.Addr().String(), server, l
	s.mu.Unlock()
	go func() { _ = server.Serve(l) }() // ends with an error when it is closed
}

func (s *smtpServer) stop() {
	s.mu.Lock()
	server, listener := s.server, s.listener
	s.server = nil
	s.mu.Unlock()
	if server != nil {
		_ = server.Close()   // sessions that are open are closed with it
		_ = listener.Close() // the server may not know it yet
	}
}

// hangUp closes all connections.
func (s *smtpServer) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.open {
		_ = c.Conn().Close() // some are closed already
	}
	s.open = nil
}

func (s *smtpServer) behave(onRcpt func(string) error, onData func(*smtp.Conn) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onRcpt, s.onData = onRcpt, onData
}

func (s *smtpServer) got() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

func (s *smtpServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dialled
}

// NewSession implements smtp.Backend.
func (s *smtpServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dialled++
	s.open = append(s.open, c)
	return &smtpSession{server: s, conn: c}, nil
}

type smtpSession struct {
	server *smtpServer
	conn   *smtp.Conn
	to     string
}

func (c *smtpSession) Mail(string, *smtp.MailOptions) error { return nil }

func (c *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.to = to
	c.server.mu.Lock()
	answer := c.server.onRcpt
	c.server.mu.Unlock()
	if answer != nil {
		return answer(to)
	}
	return nil
}

func (c *smtpSession) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	c.server.mu.Lock()
	c.server.messages = append(c.server.messages, received{m.Header.Get("Message-Id"), c.to, m.Header.Get("Subject"), string(body), m.Header})
	answer := c.server.onData
	c.server.mu.Unlock()
	if answer != nil {
		return answer(c.conn)
	}
	return nil
}

func (c *smtpSession) Reset()        {}
func (c *smtpSession) Logout() error { return nil }

// silent takes what the server says of connections that tests break.
type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}
