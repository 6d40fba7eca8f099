package load

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// Do runs one operation of the visit, bounded by the run's time-out, and adds it to the history. step fills in the
// operation's Key, Status, Detail and Fields. Its error says that the operation did not go well; which of failed and
// unknown that means is decided by Classify, unless step set the Outcome itself. Do returns step's error.
func (v *Visit) Do(ctx context.Context, name string, step func(ctx context.Context, op *Operation) error) error {
	ctx, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	now := time.Now()
	op := Operation{Visit: v.Number, Shopper: v.shopper, Name: name, Intended: now, Start: now}
	if !v.started {
		v.started, op.Intended = true, v.Intended
	}
	err := v.recorder.run(ctx, &op, step)
	v.place.ended(op)
	return err
}

// Do runs one operation that belongs to no visit, and adds it to the history, as Visit.Do does.
func (r *Recorder) Do(ctx context.Context, name string, step func(ctx context.Context, op *Operation) error) error {
	now := time.Now()
	return r.run(ctx, &Operation{Name: name, Intended: now, Start: now}, step)
}

func (r *Recorder) run(ctx context.Context, op *Operation, step func(ctx context.Context, op *Operation) error) error {
	err := step(ctx, op)
	op.End = time.Now()
	if op.Outcome == "" {
		op.Outcome = Classify(err, op.Status)
	}
	if err != nil && op.Detail == "" {
		op.Detail = err.Error()
	}
	r.add(*op)
	return err
}

// Classify says what an error means for the operation that ended with it. No error is OK. A connection that was never
// made is Failed: nothing was sent. A deadline, a cut connection or any other missing answer is Unknown, because the
// request may have been served. An error about an answer that did arrive, its status not 0, is Failed.
func Classify(err error, status int) Outcome {
	if err == nil {
		return OK
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return Failed
	}
	if status == 0 || cut(err) {
		return Unknown
	}
	return Failed
}

// cut reports whether err means that an answer did not arrive whole.
func cut(err error) bool {
	for _, target := range []error{context.DeadlineExceeded, context.Canceled, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, target) {
			return true
		}
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
