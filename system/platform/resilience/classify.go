package resilience

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
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

// classify gives a code to what a call returned, where the call itself did not. The caller's cancellation is Canceled. A
// connection that the other side refused or broke is Unavailable, also when the time ran out around it. Any other error
// of a context that ended is Timeout, because clients report that in many words: a connection that they closed is none
// that broke. Any other failure of the network is Unavailable.
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
	case !known && Broken(err):
		return problem.Wrap(err, problem.Unavailable, "", "%s cannot be reached", server)
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

// Broken says whether the other side refused, reset or closed a connection. It does not hold for a connection that our
// own side closed. What was sent on the connection before may have had its effect.
func Broken(err error) bool {
	return isAny(err, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE)
}

func networkFailed(err error) bool {
	_, ok := errors.AsType[*net.OpError](err)
	return ok || isAny(err, io.ErrClosedPipe, net.ErrClosed)
}

func isAny(err error, targets ...error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}

// retryAfter is how long the neighbour asked to be left alone.
func retryAfter(err error) time.Duration {
	if p, ok := errors.AsType[*problem.Error](err); ok {
		return p.RetryAfter
	}
	return 0
}
