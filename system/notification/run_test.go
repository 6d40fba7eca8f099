package notification

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"stormglass/internal/ports/portstest"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/events"
	"stormglass/system/platform/events/eventstest"
	"stormglass/system/platform/store/storetest"
)

// output is a program's output while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *output) wait(t *testing.T, word string) {
	t.Helper()
	eventstest.WaitFor(t, func() error {
		if said := o.String(); !strings.Contains(said, word) {
			return fmt.Errorf("no %s in:\n%s", word, said)
		}
		return nil
	})
}

// environment sets what the service needs.
func environment(t *testing.T, brokerURL, smtpAddr, messengerURL string) {
	t.Helper()
	for name, value := range map[string]string{
		"LOG_LEVEL": "debug", "DATABASE_URL": storetest.SQLite(t), "BROKER_URL": brokerURL,
		"SMTP_URL": "smtp://" + smtpAddr, "MESSENGER_URL": messengerURL + "/",
	} {
		t.Setenv(name, value)
	}
}

// started runs the service until stop.
func started(t *testing.T) (out *output, stop func()) {
	t.Helper()
	out = &output{}
	code := make(chan int, 1)
	go func() { code <- boot.Run("notification", Run, out, out) }()
	out.wait(t, `"message":"ready"`)
	return out, func() {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if got := <-code; got != boot.ExitOK {
			t.Errorf("exit code %d, want 0: %s", got, out)
		}
	}
}

func publish(t *testing.T, broker events.Broker, all ...events.Event) {
	t.Helper()
	if err := broker.Publish(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

func TestABacklogWaitsOutAnOutageAndTheLogsNameNobody(t *testing.T) {
	nats, server, phone := eventstest.StartServer(t), startSMTP(t), startMessenger(t)
	environment(t, nats.URL(), server.addr, phone.URL)
	broker := nats.Connect()
	out, stop := started(t)

	// The mailbox is away: what the messenger brings goes out all the same.
	server.stop()
	publish(t, broker, dispatched(t), confirmed(t), registered(t))
	out.wait(t, `"backlog":"notification.mailbox"`)
	eventstest.WaitFor(t, func() error { return wantRequests(phone, 2) })
	if got := server.got(); len(got) != 0 {
		t.Fatalf("got %v while the mailbox was away", got)
	}

	// The service dies with its backlog; another instance works that off once the mailbox is back.
	stop()
	said := out.String()
	server.start()
	out, stop = started(t)
	eventstest.WaitFor(t, func() error {
		if got := server.got(); len(got) < 3 {
			return fmt.Errorf("%d e-mails arrived, want 3", len(got))
		}
		return nil
	})
	out.wait(t, `"kind":"welcome"`)
	stop()
	if got := server.got(); len(got) != 3 {
		t.Errorf("%d e-mails arrived, want 3: %v", len(got), got)
	}
	if err := wantRequests(phone, 2); err != nil {
		t.Error(err)
	}
	said += out.String()
	for line := range strings.Lines(said) {
		if strings.Contains(line, "message sent") && !(strings.Contains(line, `"correlation_id":"request-key"`) && strings.Contains(line, `"trace_id":"0af7651916cd43dd8448eb211c80319c"`)) {
			t.Errorf("not in its event's story: %s", line)
		}
	}
	for _, private := range []string{"ada@example.org", "+4930123456", `"Ada"`, "Hello Ada"} {
		if strings.Contains(said, private) {
			t.Errorf("the logs contain %q", private)
		}
	}
}

func wantRequests(s *messengerServer, want int) error {
	if got := s.requests(); got != want {
		return fmt.Errorf("the messenger got %d requests, want %d", got, want)
	}
	return nil
}

func TestTheServiceIsReadyWithoutAnyCompanyOrBroker(t *testing.T) {
	nobody, admin := portstest.Refusing(t), portstest.Free(t)
	environment(t, "nats://"+nobody, nobody, "http://"+nobody)
	t.Setenv("ADMIN_ADDR", admin)
	_, stop := started(t)
	defer stop()
	eventstest.WaitFor(t, func() error {
		resp, err := http.Get("http://" + admin + "/readyz")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return errors.New(resp.Status)
		}
		return nil
	})
}

func TestWrongSettingsAreTheOperatorsToCorrect(t *testing.T) {
	for setting, value := range map[string]string{
		"SMTP_URL": "mail.example.org", "MESSENGER_URL": "messenger", "MAIL_FROM": "nobody", "MESSAGE_PATIENCE": "0s", "MESSAGE_CONCURRENCY": "0",
	} {
		t.Run(setting, func(t *testing.T) {
			environment(t, "nats://127.0.0.1:4222", "127.0.0.1:25", "http://127.0.0.1")
			t.Setenv(setting, value)
			var out, said output
			if code := boot.Run("notification", Run, &out, &said); code != boot.ExitUsage || !strings.Contains(said.String(), setting) {
				t.Errorf("got exit code %d and %q, want 2 and a word about %s", code, said.String(), setting)
			}
		})
	}
}
