package product

import (
	"context"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/description"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
)

// answered classifies the driver's errors. A server's answer keeps its meaning; whatever else the driver reports is an
// outage. The code follows from what happened to the connection: an operation that waits for a server which refuses or
// resets connections also runs into its deadline, and is still Unavailable. A deadline of which nothing more is known is
// a Timeout.
func answered(err error) error {
	if err == nil || errors.Is(err, mongo.ErrNoDocuments) {
		return err
	}
	if _, ours := errors.AsType[*problem.Error](err); ours {
		return err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case unreachable(err), resilience.Broken(err):
		return problem.Wrap(err, problem.Unavailable, "", "the catalogue cannot be reached just now")
	case mongo.IsTimeout(err):
		return problem.Wrap(err, problem.Timeout, "", "the catalogue did not answer in time")
	case outage(err):
		return problem.Wrap(err, problem.Unavailable, "", "the catalogue does not answer just now")
	}
	return err
}

// unreachable says whether nothing was sent because of a known failure: the pool was cleared by one, or the driver looked
// in vain for a server, and the last thing that it saw of one was such a failure and no silence.
func unreachable(err error) bool {
	if pool, ok := errors.AsType[poolError](err); ok && pool.Retryable() {
		return true
	}
	selection, ok := errors.AsType[topology.ServerSelectionError](err)
	return ok && slices.ContainsFunc(selection.Desc.Servers, func(s description.Server) bool {
		return problem.CodeOf(answered(s.LastError)) == problem.Unavailable
	})
}

// poolError is what the driver's pool returns before anything was sent; one that is retryable was cleared by a failure.
type poolError interface {
	error
	driver.RetryablePoolError
}

// outage says whether an error is no server's answer, or the answer of a server that cannot serve now.
func outage(err error) bool {
	said, isAnswer := errors.AsType[mongo.ServerError](err)
	return !isAnswer || said.HasErrorLabel("NetworkError") || said.HasErrorLabel("RetryableWriteError")
}
