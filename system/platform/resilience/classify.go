package resilience

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"stormglass/system/platform/problem"
)

// Reasons of the refusals that come from our own side of a link: nothing was sent. Their code is problem.Unavailable.
const (
	ReasonBreakerOpen  = "breaker_open"
	ReasonBulkheadFull = "bulkhead_full"
	ReasonBudgetSpent  = "retry_budget_spent"
)

// errRefused is the cause of each refusal.
var errRefused = errors.New("refused by our own policy")

// Refused says whether the operation ended by a refusal of our own before anything was sent. An error that carries an
// attempt's failure first and the refusal of its retry after it is not one: that attempt may have had its effect.
func Refused(err error) bool {
	p, ok := errors.AsType[*problem.Error](err)
	return ok && errors.Is(p, errRefused)
}

// Final marks an error that must not be retried whatever the operation says, such as a commit whose answer was lost. It
// still counts at the breaker by its code.
func Final(err error) error {
	if err == nil {
		return nil
	}
	return final{err}
}

type final struct{ error }

func (f final) Unwrap() error { return f.error }

// retryable says whether one more attempt may help after this error.
func retryable(err error) bool {
	if _, stop := errors.AsType[final](err); stop || Refused(err) {
		return false
	}
	return problem.CodeOf(err).Retryable()
}

// judge gives the verdict on the neighbour: outages count against it, every other answer speaks for it. Once the caller
// has left, only a success still means something.
func judge(operation context.Context, err error) verdict {
	code := problem.CodeOf(err)
	switch {
	case code == problem.OK:
		return healthy
	case code == problem.Canceled, errors.Is(operation.Err(), context.Canceled), Refused(err):
		return neither
	case code.Outage():
		return failing
	}
	return healthy
}

// classify gives a code to what a call returned, where the call itself did not. A context that ended decides first,
// because clients report that in many words: the caller's cancellation is Canceled, a time that ran out is Timeout. A
// network that failed is Unavailable.
func classify(operation, attempt context.Context, server string, err error) error {
	if err == nil {
		return nil
	}
	_, known := errors.AsType[*problem.Error](err)
	if known && problem.CodeOf(err) != problem.Canceled {
		return err
	}
	switch {
	case errors.Is(operation.Err(), context.Canceled):
		return problem.Wrap(err, problem.Canceled, "", "the caller left")
	case attempt.Err() != nil, timedOut(err):
		return problem.Wrap(err, problem.Timeout, "", "%s did not answer in time", server)
	case !known && networkFailed(err):
		return problem.Wrap(err, problem.Unavailable, "", "%s cannot be reached", server)
	}
	return err
}

func timedOut(err error) bool {
	network, ok := errors.AsType[net.Error](err)
	return ok && network.Timeout()
}

func networkFailed(err error) bool {
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	for _, broken := range []error{io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, broken) {
			return true
		}
	}
	return false
}

// retryAfter is how long the neighbour asked to be left alone.
func retryAfter(err error) time.Duration {
	if p, ok := errors.AsType[*problem.Error](err); ok {
		return p.RetryAfter
	}
	return 0
}
