package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"

	"stormglass/system/platform/problem"
)

func TestAStepWhoseContextEndedGetsTheCodeOfWhatHappened(t *testing.T) {
	over, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	left, leave := context.WithCancel(t.Context())
	leave()
	reset := fmt.Errorf("exec: %w", &net.OpError{Op: "read", Err: syscall.ECONNRESET})
	for name, tt := range map[string]struct {
		ctx   context.Context
		cause error
		want  problem.Code
	}{
		"reset, and then the time": {over, reset, problem.Unavailable},
		"refused, and the time":    {over, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, problem.Unavailable},
		"deadline":                 {over, context.DeadlineExceeded, problem.Timeout},
		"closed by us at the end":  {over, &net.OpError{Op: "read", Err: net.ErrClosed}, problem.Timeout},
		"the caller left":          {left, context.Canceled, problem.Canceled},
		"reset after it had left":  {left, reset, problem.Canceled},
		"a defect after the end":   {over, errors.New("defect"), problem.Timeout},
	} {
		got := ended(tt.ctx, tt.cause)
		if problem.CodeOf(got) != tt.want || !errors.Is(got, tt.cause) {
			t.Errorf("%s: got %s (%v), want %s around the cause", name, problem.CodeOf(got), got, tt.want)
		}
	}
}
