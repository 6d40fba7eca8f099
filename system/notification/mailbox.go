package notification

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"

	"github.com/wneessen/go-mail"

	"stormglass/system/platform/mailaddress"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
)

// mailbox sends letters as e-mails, by SMTP. A mailbox server knows no keys: an e-mail whose confirmation was lost is
// sent again, under the same Message-ID, by which a reader's program knows it.
type mailbox struct {
	link     *resilience.Link
	sessions *sessions
	from     string
}

// Send implements Sender.
func (b mailbox) Send(ctx context.Context, l Letter) error {
	email, err := b.email(l)
	if err != nil {
		return err
	}
	_, err = resilience.Do(ctx, b.link, resilience.Op{Name: "send e-mail"}, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, b.sessions.send(ctx, email)
	})
	return err
}

func (b mailbox) email(l Letter) (*mail.Msg, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.From(b.from); err != nil {
		return nil, fmt.Errorf("write e-mail: sender: %w", err)
	}
	if !mailaddress.Valid(l.To) { // of an account that was registered before others were refused
		return nil, problem.New(problem.Invalid, "address_malformed", "the customer's e-mail address cannot be written to: it must be changed in their profile")
	}
	m.AddToMailAddress(&netmail.Address{Address: l.To})
	m.SetMessageIDWithValue(l.ID)
	m.SetDate()
	m.Subject(l.Title)
	m.SetBodyString(mail.TypeTextPlain, l.Body)
	return m, nil
}

// lost says whether an e-mail went out whole and no reply to it came. One that broke off before its end cannot have arrived,
// and one that the server turned down has its answer.
func lost(err error) bool {
	broken, ok := errors.AsType[*mail.SendError](err)
	return ok && broken.Reason == mail.ErrSMTPDataClose && broken.ErrorCode() == 0
}

// meaning tells whose fault it was that an e-mail did not go out. The server's own words stay out of it, because they
// tend to repeat the address.
//
//	no reply, or 421       the server is away; it refused us even if the time is over by now
//	5xx to the recipient   it refuses this e-mail for good
//	4xx to the recipient   not now, but perhaps later
//	anything else          about the server or about us, and so about every e-mail: it waits as in an outage
//
// An e-mail whose reply was lost is unanswered besides.
func meaning(ctx context.Context, err error) error {
	if lost(err) {
		return unanswered{blame(ctx, err)}
	}
	return blame(ctx, err)
}

func blame(ctx context.Context, err error) error {
	refused, ok := errors.AsType[*mail.SendError](err)
	if ctx.Err() != nil && (ok || !resilience.Broken(err)) {
		return fmt.Errorf("send e-mail: %w", ctx.Err())
	}
	if !ok {
		return problem.Wrap(err, problem.Unavailable, "", "the mailbox server cannot be reached")
	}
	code, word := refused.ErrorCode(), fmt.Sprintf("smtp_%d", refused.ErrorCode())
	personal := refused.Reason == mail.ErrSMTPRcptTo || refused.Reason == mail.ErrSMTPDataClose && code >= 500
	switch {
	case code == 0:
		return problem.New(problem.Unavailable, "", "the connection to the mailbox server broke while %s", refused.Reason)
	case personal && code >= 500:
		return problem.New(problem.Invalid, word, "the mailbox server refuses the e-mail for good (%d)", code)
	case personal && code != 421:
		return problem.New(problem.Conflict, word, "the mailbox server does not take the e-mail now (%d)", code)
	}
	return problem.New(problem.Unavailable, word, "the mailbox server refuses its work (%d while %s)", code, refused.Reason)
}
