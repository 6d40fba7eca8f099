package product

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/description"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
)

// broken is how the driver reports a connection on which something happened.
func broken(cause error) error {
	return topology.ConnectionError{ConnectionID: "documents:27017[-1]", Wrapped: &net.OpError{Op: "read", Net: "tcp", Err: cause}}
}

// selection is how the driver reports that it found no server in time, after it had last seen this of the only one.
func selection(seen error) error {
	return topology.ServerSelectionError{Wrapped: context.DeadlineExceeded, Desc: description.Topology{Servers: []description.Server{{LastError: seen}}}}
}

// command is how the driver reports an operation that had a connection.
func command(cause error, labels ...string) error {
	return mongo.CommandError{Message: "find", Labels: labels, Wrapped: cause}
}

func TestAnErrorOfTheDriverGetsTheCodeOfWhatHappened(t *testing.T) {
	silence := broken(os.ErrDeadlineExceeded)
	for name, tt := range map[string]struct {
		err  error
		want problem.Code
	}{
		"refused while connecting":              {broken(syscall.ECONNREFUSED), problem.Unavailable},
		"reset in the middle":                   {command(broken(syscall.ECONNRESET), "NetworkError"), problem.Unavailable},
		"closed in the middle":                  {command(broken(io.EOF), "NetworkError"), problem.Unavailable},
		"reset, and then the deadline":          {fmt.Errorf("%w: %w", context.DeadlineExceeded, broken(syscall.ECONNRESET)), problem.Unavailable},
		"no server found: it refuses":           {selection(broken(syscall.ECONNREFUSED)), problem.Unavailable},
		"no server found: it resets":            {selection(broken(syscall.ECONNRESET)), problem.Unavailable},
		"no server found: it hangs up":          {selection(broken(io.EOF)), problem.Unavailable},
		"no server found: no route to it":       {selection(broken(syscall.EHOSTUNREACH)), problem.Unavailable},
		"no server found: it is silent":         {selection(silence), problem.Timeout},
		"no server found: nothing known":        {selection(nil), problem.Timeout},
		"no server found: a look was cut short": {selection(broken(context.Canceled)), problem.Timeout},
		"silence in the middle":                 {command(silence, "NetworkError"), problem.Timeout},
		"deadline":                              {context.DeadlineExceeded, problem.Timeout},
		"no connection free":                    {topology.WaitQueueTimeoutError{Wrapped: context.DeadlineExceeded}, problem.Timeout},
		"pool cleared":                          {command(cleared{}, "TransientTransactionError"), problem.Unavailable},
		"not the primary any more":              {mongo.CommandError{Code: 10107, Labels: []string{"RetryableWriteError"}}, problem.Unavailable},
		"the caller left":                       {topology.ServerSelectionError{Wrapped: context.Canceled}, problem.Canceled},
		"refused by the server":                 {mongo.CommandError{Code: 2, Message: "BadValue"}, problem.Internal},
		"none there":                            {mongo.ErrNoDocuments, problem.Internal}, // for its caller to read
	} {
		got := answered(tt.err)
		if problem.CodeOf(got) != tt.want || !errors.Is(got, tt.err) && got.Error() == "" {
			t.Errorf("%s: got %s (%v), want %s", name, problem.CodeOf(got), got, tt.want)
		}
	}
}

// cleared is what an operation gets of a pool that another operation's failure has cleared.
type cleared struct{}

func (cleared) Error() string   { return "connection pool was cleared" }
func (cleared) Retryable() bool { return true }

// A server that hangs up is unavailable at each attempt, however long the driver waits for another look at it.
func TestAServerThatHangsUpIsUnavailableAtEveryAttempt(t *testing.T) {
	once := patientPolicy(t)
	once.Deadline, once.AttemptTimeout, once.Attempts, once.Breaker = 30*time.Second, 300*time.Millisecond, 1, resilience.Breaker{}
	g := newGate(t, serveDocuments(t), nil)
	d := connected(t, g.address, once)
	g.close()
	for range 5 {
		if err := want(problem.Unavailable, second(d.Changes(t.Context()))); err != nil {
			t.Error(err)
		}
	}
}
