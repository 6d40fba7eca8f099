package mailbox

import (
	"io"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/rs/zerolog"
)

// Limits of the SMTP server.
const (
	maxMessage    = 1 << 20 // bytes
	maxRecipients = 50
	idleTimeout   = 2 * time.Minute
)

// errNoMailbox and errNotKept are answers in SMTP's own terms: one for good, one for now.
var (
	errNoMailbox = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "there is no such mailbox"}
	errNotKept   = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "the message could not be written down"}
	errNoMessage = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "this is no message in the format of RFC 5322"}
)

func newServer(book *Book, log zerolog.Logger) *smtp.Server {
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{book: book, log: log}, nil }))
	srv.Domain = "mailbox.example"
	srv.MaxMessageBytes, srv.MaxRecipients = maxMessage, maxRecipients
	srv.ReadTimeout, srv.WriteTimeout = idleTimeout, idleTimeout
	srv.EnableSMTPUTF8 = true
	srv.ErrorLog = quiet{log}
	return srv
}

// stop ends a server and its connections. The server closes its listener only once it has begun to serve, and would wait
// for clients for ever when it is stopped before that; so the listener is closed here as well.
func stop(srv *smtp.Server, l net.Listener) error {
	err := srv.Close()
	_ = l.Close() // most often the server has closed it
	return err
}

// session is one client's connection; go-smtp calls its methods one after the other.
type session struct {
	book *Book
	log  zerolog.Logger
	from string
	to   []string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if _, domain, _ := strings.Cut(to, "@"); strings.EqualFold(domain, rejected) {
		return errNoMailbox
	}
	s.to = append(s.to, to)
	return nil
}

// Data answers when the message is on disk.
func (s *session) Data(r io.Reader) error {
	content := &faithful{r: r}
	m, err := parse(content)
	if content.err != nil {
		return content.err // go-smtp's own: too large, a line too long, the connection broke
	}
	if err != nil {
		return errNoMessage
	}
	m.From, m.To, m.ReceivedAt = s.from, s.to, time.Now().UTC()
	if err := s.book.Keep(m); err != nil {
		s.log.Error().Err(err).Msg("message not kept")
		return errNotKept
	}
	s.log.Info().Str("message_id", m.MessageID).Int("recipients", len(m.To)).Msg("message kept")
	return nil
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

// faithful remembers the error of the connection, which a parser hides in its own.
type faithful struct {
	r   io.Reader
	err error
}

func (f *faithful) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF { // a Reader gives EOF itself, never wrapped
		f.err = err
	}
	return n, err
}

// quiet is for what the server says of connections that break: usual where links are cut on purpose.
type quiet struct{ log zerolog.Logger }

func (q quiet) Printf(format string, v ...any) { q.log.Debug().Msgf(format, v...) }
func (q quiet) Println(v ...any)               { q.log.Debug().Msgf("%v", v) }
