package cart

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"stormglass/system/platform/problem"
)

func TestAnErrorOfTheClientGetsTheCodeOfWhatHappened(t *testing.T) {
	network := func(op string, cause error) error { return &net.OpError{Op: op, Net: "tcp", Err: cause} }
	for name, tt := range map[string]struct {
		err  error
		want problem.Code
	}{
		"refused":                      {network("dial", syscall.ECONNREFUSED), problem.Unavailable},
		"reset":                        {network("read", syscall.ECONNRESET), problem.Unavailable},
		"hung up":                      {io.EOF, problem.Unavailable},
		"refused, and then the time":   {fmt.Errorf("%w: %w", context.DeadlineExceeded, network("dial", syscall.ECONNREFUSED)), problem.Unavailable},
		"deadline":                     {context.DeadlineExceeded, problem.Timeout},
		"no answer":                    {network("read", os.ErrDeadlineExceeded), problem.Timeout},
		"no connection in time":        {network("dial", os.ErrDeadlineExceeded), problem.Timeout},
		"no connection of the pool":    {redis.ErrPoolTimeout, problem.Unavailable},
		"the caller left":              {fmt.Errorf("%w: %w", context.Canceled, io.EOF), problem.Canceled},
		"no such key, which is no one": {redis.Nil, problem.Internal}, // for its caller to read
	} {
		got := answered(tt.err)
		if problem.CodeOf(got) != tt.want || !errors.Is(got, tt.err) {
			t.Errorf("%s: got %s (%v), want %s around the cause", name, problem.CodeOf(got), got, tt.want)
		}
	}
}
