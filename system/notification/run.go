package notification

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"stormglass/system/api/links"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/service"
)

// config is what the notification service is told by its environment.
type config struct {
	Database boot.Secret `env:"DATABASE_URL,required"`
	Broker   string      `env:"BROKER_URL,required"`
	// SMTP is where e-mails go, such as smtp://host:25 or smtps://user:password@host:465.
	SMTP boot.Secret `env:"SMTP_URL,required"`
	// Messenger is where text and push messages go, such as http://host.
	Messenger string `env:"MESSENGER_URL,required"`
	// From is the sender of all e-mails.
	From string `env:"MAIL_FROM" envDefault:"Stormglass <orders@stormglass.example>"`
	// Patience is how long a message may wait by its own fault, such as a contact that does not arrive, before it is
	// given up and reported.
	Patience time.Duration `env:"MESSAGE_PATIENCE" envDefault:"24h"`
	// AtOnce is how many connections each company gets.
	AtOnce int `env:"MESSAGE_CONCURRENCY" envDefault:"4"`
	// Lease is for how long one instance keeps what it has taken up. It must be longer than a bundle of messages takes,
	// and is what an instance that dies costs them.
	Lease time.Duration `env:"MESSAGE_LEASE" envDefault:"30s"`
}

func (c config) validate() error {
	var wrong error
	if _, err := mail.ParseAddress(c.From); err != nil {
		wrong = errors.Join(wrong, fmt.Errorf("%w: MAIL_FROM: %q is no e-mail address: want one such as Shop <shop@example.org>", boot.ErrUsage, c.From))
	}
	if u, err := url.Parse(c.Messenger); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		wrong = errors.Join(wrong, fmt.Errorf("%w: MESSENGER_URL: want one such as http://host:port", boot.ErrUsage))
	}
	if c.Patience <= 0 || c.AtOnce < 1 || c.Lease <= 0 {
		wrong = errors.Join(wrong, fmt.Errorf("%w: MESSAGE_PATIENCE, MESSAGE_CONCURRENCY and MESSAGE_LEASE: want more than 0", boot.ErrUsage))
	}
	return wrong
}

// Run runs the notification service.
func Run(ctx context.Context, rt *boot.Runtime) error {
	var c config
	if err := boot.Settings(&c); err != nil {
		return err
	}
	if err := c.validate(); err != nil {
		return err
	}
	parts := service.New(rt, links.Policy)
	senders, err := newSenders(parts, c)
	if err != nil {
		return err
	}
	texts, err := parseLetters()
	if err != nil {
		return err
	}
	broker, err := parts.Broker(ctx, c.Broker)
	if err != nil {
		return err
	}
	db, err := parts.Database(ctx, c.Database, migrations(), audit()...)
	if err != nil {
		return err
	}

	s := newService(rt.Telemetry, db, texts, senders, c.Patience)
	for _, w := range s.workers(c.AtOnce, c.Lease) {
		rt.Go(w.name, w.Run)
	}
	parts.Consume(db, broker, queue, s.handlers())
	return nil
}

// newSenders makes one sender for each channel. Which company brings what is decided here alone.
func newSenders(parts service.Parts, c config) (map[Channel]Sender, error) {
	toMailbox, err := parts.Link("mailbox")
	if err != nil {
		return nil, err
	}
	sessions, err := newSessions(c.SMTP)
	if err != nil {
		return nil, err
	}
	parts.OnStop("mailbox sessions", sessions.close)
	toMessenger, err := parts.Link("messenger")
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: resilience.Transport(toMessenger, nil)}
	parts.OnStop("messenger client", func(context.Context) error { client.CloseIdleConnections(); return nil })
	url := strings.TrimSuffix(c.Messenger, "/")
	return map[Channel]Sender{
		Email: mailbox{toMailbox, sessions, c.From},
		SMS:   messenger{client, url, "sms"},
		Push:  messenger{client, url, "push"},
	}, nil
}
