package backendtest

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"

	"stormglass/system/platform/servers"
)

// virtualHosts is how many virtual hosts a RabbitMQ of ours has from its start.
const virtualHosts = 48

// Ripening is how long RabbitMQ 3.10 may take until a new queue is on its disk: one that is younger may not outlive a kill.
const Ripening = 6 * time.Second

var sharedRabbitMQ = rabbitMQ().shared()

// RabbitMQ gives the RabbitMQ server of this test binary. Its virtual hosts are for tests to take, see VirtualHost.
func RabbitMQ(tb testing.TB) *Server {
	tb.Helper()
	s, err := sharedRabbitMQ()
	rabbitMQ().must(tb, err)
	return s
}

// OwnRabbitMQ gives a RabbitMQ server that no other test uses, to be killed and started again; it ends with the test. Where
// there is only one that the environment names, which is nobody's to kill, that is missing.
func OwnRabbitMQ(tb testing.TB) *Server {
	tb.Helper()
	k := rabbitMQ()
	s, err := k.open()
	if err == nil && !s.Ours() {
		err = fmt.Errorf("%w: RabbitMQ killed: TEST_RABBITMQ_URL names one that tests must not kill", errMissing)
		err = errors.Join(err, note(err))
	}
	k.must(tb, err)
	tb.Cleanup(func() {
		if r, ok := s.life.(*run); ok && tb.Failed() {
			tb.Logf("the end of RabbitMQ's log:\n%s", r.log())
		}
		if err := s.life.end(); err != nil {
			tb.Errorf("end RabbitMQ: %v", err)
		}
	})
	return s
}

// VirtualHost gives the URL of an empty part of a RabbitMQ server of ours. On somebody else's there is only the one that its
// URL names: tests take turns there, and each begins with what the one before left.
func VirtualHost(tb testing.TB, s *Server) *url.URL {
	tb.Helper()
	u := s.URL()
	if !s.Ours() {
		s.turn.Lock()
		tb.Cleanup(s.turn.Unlock)
		return u
	}
	n := s.hosts.Add(1)
	if n >= virtualHosts {
		tb.Fatalf("all %d virtual hosts are used: have RabbitMQ start with more", virtualHosts)
	}
	u.Path = fmt.Sprintf("/t%d", n)
	return u
}

func rabbitMQ() kind {
	password := uuid.NewString()
	link := func(host string) *url.URL {
		return &url.URL{Scheme: "amqp", User: url.UserPassword("tester", password), Host: host, Path: "/t0"}
	}
	from := servers.RabbitOptions{User: "tester", Password: password}
	for i := range virtualHosts {
		from.VirtualHosts = append(from.VirtualHosts, fmt.Sprintf("t%d", i))
	}
	return kind{
		name: "RabbitMQ", word: "RABBITMQ",
		program: func() (*program, error) {
			p, err := servers.RabbitMQ(from)
			return &program{p, link, answersRabbitMQ}, err
		},
		container: container{
			image: "RABBITMQ_IMAGE", port: "5672/tcp", url: link, ready: answersRabbitMQ,
			files: map[string]string{
				"/etc/rabbitmq/conf.d/90-tests.conf": "load_definitions = /etc/rabbitmq/tests.json\n",
				"/etc/rabbitmq/tests.json":           from.Definitions(),
			},
		},
	}
}

func answersRabbitMQ(u *url.URL) error {
	c, err := amqp.DialConfig(u.String(), amqp.Config{Dial: amqp.DefaultDial(answerLimit), Heartbeat: 10 * time.Second})
	if err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), u.String(), u.Redacted()))
	}
	return c.Close()
}
