// Package problem is the one error type that crosses services: a code, a stable reason and a sentence for people.
//
// One table gives each code its gRPC code, its HTTP status, whether a retry may help, and whether it means that the
// neighbour is away.
package problem

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Code is the kind of a problem. It is also the value of metric labels, so there are few of them.
type Code string

// The codes. OK is the code of a nil error.
const (
	OK Code = "ok"
	// Invalid: the request itself is wrong; repeating it cannot help.
	Invalid Code = "invalid"
	// Unauthenticated: no token, or one that does not verify.
	Unauthenticated Code = "unauthenticated"
	// Denied: we know who it is, and they may not.
	Denied Code = "denied"
	// NotFound: it is not there, or not theirs.
	NotFound Code = "not_found"
	// Conflict: the request does not fit the present state (a moved cart, a reused key, a confirmed order).
	Conflict Code = "conflict"
	// TooMany: the client goes over its rate; wait RetryAfter.
	TooMany Code = "too_many_requests"
	// Unavailable: a dependency does not answer or refuses connections, or we refuse to call it now.
	Unavailable Code = "unavailable"
	// Timeout: no answer came in time. What was asked for may have happened.
	Timeout Code = "timeout"
	// Unknown: an answer was lost after the point of no return (a commit, a charge). It may have happened.
	Unknown Code = "unknown_outcome"
	// Canceled: the caller left. It counts neither as success nor as failure.
	Canceled Code = "canceled"
	// Internal: a defect of ours.
	Internal Code = "internal"
)

// Field is one part of a request that is wrong.
type Field struct {
	// Name is the path of the field as the client wrote it, such as "address.country".
	Name string
	// Problem says what is expected. It never repeats the rejected value.
	Problem string
}

// Error is a problem. Make one with New or Wrap, read one with CodeOf, ReasonOf, or errors.As.
type Error struct {
	Code Code
	// Reason is a stable word for programs, such as "insufficient_stock"; empty when the code says it all.
	Reason string
	// Message is one sentence for people. It reaches clients: no secrets, no internals.
	Message string
	Fields  []Field
	// Resource is the path of what the request conflicts with, such as "/v1/orders/ID"; empty when there is none.
	Resource string
	// RetryAfter tells the client when to come back; 0 when we do not know.
	RetryAfter time.Duration
	cause      error
}

// New makes a problem. The message is a format.
func New(code Code, reason, format string, args ...any) *Error {
	return &Error{Code: code, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes a problem out of an error. The cause is for logs; clients see only the message.
func Wrap(cause error, code Code, reason, format string, args ...any) *Error {
	e := New(code, reason, format, args...)
	e.cause = cause
	return e
}

// InvalidFields makes an Invalid problem that names what is wrong with which field.
func InvalidFields(fields ...Field) *Error {
	e := New(Invalid, "invalid_fields", "the request has %d invalid field(s)", len(fields))
	if len(fields) == 1 {
		e.Message = fields[0].Name + ": " + fields[0].Problem
	}
	e.Fields = fields
	return e
}

// After sets RetryAfter and returns the same error.
func (e *Error) After(d time.Duration) *Error {
	e.RetryAfter = d
	return e
}

// About sets Resource and returns the same error.
func (e *Error) About(resource string) *Error {
	e.Resource = resource
	return e
}

func (e *Error) Error() string {
	text := string(e.Code)
	if e.Reason != "" {
		text += "/" + e.Reason
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.cause }

// CodeOf gives the code of any error: that of the first Error in its chain, Timeout and Canceled for the context's
// errors, Internal for an error that nobody classified.
func CodeOf(err error) Code {
	if err == nil {
		return OK
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, context.Canceled):
		return Canceled
	}
	return Internal
}

// ReasonOf gives the reason of the first Error in the chain, or "".
func ReasonOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return ""
}

// As gives the first Error in the chain; an error that nobody classified becomes an Internal one that hides its text.
func As(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	switch code := CodeOf(err); code {
	case Timeout:
		return Wrap(err, Timeout, "", "no answer in time")
	case Canceled:
		return Wrap(err, Canceled, "", "the caller left")
	}
	return Wrap(err, Internal, "", "something went wrong on our side")
}
