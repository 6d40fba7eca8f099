package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/events/eventstest"
)

// shop runs a command line and gives what it printed.
func shop(args ...string) (code int, stdout, stderr string) {
	var out, errs strings.Builder
	code = run(args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestWrongCommandLinesSayWhatIsRight(t *testing.T) {
	for line, want := range map[string]string{
		"":                        "usage: shop COMMAND",
		"gatway":                  `there is no command "gatway"`,
		"order now":               "takes no arguments",
		"dlq":                     "usage: shop dlq list",
		"dlq list q.nothing":      `there is no queue "q.nothing"`,
		"dlq redrive":             "usage: shop dlq list",
		"staff":                   "usage: shop staff add EMAIL",
		"healthcheck":             "ADMIN_ADDR",
		"dlq list":                "BROKER_URL",
		"staff add a@example.org": "DATABASE_URL",
		"refunds":                 "usage: shop refunds list",
		"refunds retry":           "usage: shop refunds list",
		"refunds list":            "DATABASE_URL",
	} {
		code, _, stderr := shop(strings.Fields(line)...)
		if code != boot.ExitUsage || !strings.Contains(stderr, want) {
			t.Errorf("shop %s: got exit code %d and %q, want %d and %q", line, code, stderr, boot.ExitUsage, want)
		}
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	code, stdout, _ := shop("--help")
	for _, c := range commands() {
		if code != boot.ExitOK || !strings.Contains(stdout, c.name) {
			t.Errorf("exit code %d, %s is missing", code, c.name)
		}
	}
}

func TestHealthcheckTellsReadyFromNot(t *testing.T) {
	status := http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) }))
	defer s.Close()
	t.Setenv("ADMIN_ADDR", strings.TrimPrefix(s.URL, "http://"))
	if code, _, stderr := shop("healthcheck"); code != boot.ExitOK {
		t.Errorf("ready: got exit code %d, %s", code, stderr)
	}
	status = http.StatusServiceUnavailable
	if code, _, _ := shop("healthcheck"); code != boot.ExitError {
		t.Errorf("not ready: got exit code %d", code)
	}
}

func TestDeadLettersAreListedEvenWhenThereAreNone(t *testing.T) {
	t.Setenv("BROKER_URL", eventstest.StartServer(t).URL())
	code, stdout, stderr := shop("dlq", "list")
	if code != boot.ExitOK || strings.TrimSpace(stdout) != "QUEUE  EVENT ID  TYPE  KEY  ATTEMPTS  GIVEN UP  REASON" {
		t.Errorf("got exit code %d, %q, %s", code, stdout, stderr)
	}
	if code, stdout, stderr = shop("dlq", "redrive", "q.order"); code != boot.ExitOK || stdout != "0 sent back to q.order\n" {
		t.Errorf("redrive: got exit code %d, %q, %s", code, stdout, stderr)
	}
}

func TestRefundsAreListedEvenWhenThereAreNone(t *testing.T) {
	t.Setenv("DATABASE_URL", "sqlite://"+filepath.Join(t.TempDir(), "payment.db"))
	code, stdout, stderr := shop("refunds", "list")
	if code != boot.ExitOK || strings.TrimSpace(stdout) != "ORDER  CHARGE  AMOUNT  REASON  SINCE" {
		t.Errorf("got exit code %d, %q, %s", code, stdout, stderr)
	}
	for _, verb := range []string{"retry", "settle"} {
		if code, _, stderr := shop("refunds", verb, "o1"); code != boot.ExitUsage || !strings.Contains(stderr, `"o1"`) {
			t.Errorf("refunds %s: got exit code %d, %q, want the order named", verb, code, stderr)
		}
	}
}

func TestNobodyIsStaffWithoutAnAccount(t *testing.T) {
	t.Setenv("DATABASE_URL", (&url.URL{Scheme: "sqlite", Path: filepath.Join(t.TempDir(), "user.db")}).String())
	code, _, stderr := shop("staff", "add", "nobody@example.org")
	if code != boot.ExitUsage || !strings.Contains(stderr, "there is no account") {
		t.Errorf("got exit code %d, %q", code, stderr)
	}
}
