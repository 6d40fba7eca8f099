package problem

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
)

func TestEveryCodeHasItsRowAndComesBackFromTheWire(t *testing.T) {
	for code, r := range table {
		if got := FromGRPC(r.grpc); got != code {
			t.Errorf("%s goes out as %s and comes back as %s", code, r.grpc, got)
		}
		if code != OK && (code.HTTP() < 400 || code.HTTP() > 599) {
			t.Errorf("%s: HTTP status %d", code, code.HTTP())
		}
		if code.Retryable() && !code.Outage() {
			t.Errorf("%s: a retry can only help where the neighbour, not the request, is at fault", code)
		}
	}
	for c := range codes.Code(17) {
		if got := FromGRPC(c); got == "" {
			t.Errorf("%s means nothing to us", c)
		}
	}
}

func TestCodeOfFindsTheProblemInTheChain(t *testing.T) {
	cause := errors.New("password is hunter2")
	for want, err := range map[Code]error{
		OK:          nil,
		Internal:    cause,
		Timeout:     fmt.Errorf("ask: %w", context.DeadlineExceeded),
		Canceled:    fmt.Errorf("ask: %w", context.Canceled),
		Unavailable: fmt.Errorf("ask: %w", Wrap(cause, Unavailable, "breaker_open", "not now")),
		Conflict:    errors.Join(cause, New(Conflict, "", "taken")),
	} {
		if got := CodeOf(err); got != want {
			t.Errorf("%v: got %s, want %s", err, got, want)
		}
	}
}

func TestWhatNobodyClassifiedSaysNothingToClients(t *testing.T) {
	p := As(errors.New("password is hunter2"))
	if p.Code != Internal || strings.Contains(p.Message, "hunter2") || !strings.Contains(p.Error(), "hunter2") {
		t.Errorf("clients see %q, logs see %q", p.Message, p.Error())
	}
}

func TestOneWrongFieldIsNamedInTheMessage(t *testing.T) {
	if got := InvalidFields(Field{"quantity", "1 to 99"}).Message; got != "quantity: 1 to 99" {
		t.Errorf("got %q", got)
	}
	if got := InvalidFields(Field{"a", "x"}, Field{"b", "y"}); len(got.Fields) != 2 || got.Code != Invalid {
		t.Errorf("got %+v", got)
	}
}
