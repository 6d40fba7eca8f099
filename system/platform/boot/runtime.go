package boot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"stormglass/system/platform/telemetry"
)

// Runtime is what a program is handed: its telemetry, and where it registers what must be served, checked and stopped.
type Runtime struct {
	*telemetry.Telemetry
	Drain     time.Duration // how long the service went on answering before its teardown, if others take over from it; or 0
	ctx       context.Context
	fail      context.CancelCauseFunc
	admin     *http.ServeMux
	readiness *readiness

	mu    sync.Mutex
	steps []step
	warm  []step
}

// step is a named part of starting or stopping.
type step struct {
	name string
	do   func(context.Context) error
}

// warmLimit is how long a program waits for what it would rather have before it is ready without.
const warmLimit = time.Second

func newRuntime(ctx context.Context, tel *telemetry.Telemetry) *Runtime {
	own, fail := context.WithCancelCause(ctx)
	return &Runtime{Telemetry: tel, ctx: own, fail: fail, admin: http.NewServeMux(), readiness: newReadiness(tel)}
}

// OnStop adds a step to the teardown. Steps run last in, first out. Each may take half of what is left of
// SHUTDOWN_TIMEOUT, so that one that hangs leaves the others their time.
func (rt *Runtime) OnStop(name string, stop func(context.Context) error) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.steps = append(rt.steps, step{name, stop})
}

// BeforeReady adds something that the program does, for a second at most, before it calls itself ready: such as waiting for
// connections, so that the first requests find them. Readiness does not depend on its success.
func (rt *Runtime) BeforeReady(name string, do func(context.Context) error) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.warm = append(rt.warm, step{name, do})
}

// warmUp does all of it side by side.
func (rt *Runtime) warmUp() {
	ctx, cancel := context.WithTimeout(rt.ctx, warmLimit)
	defer cancel()
	rt.mu.Lock()
	warm := rt.warm
	rt.mu.Unlock()
	var wg sync.WaitGroup
	for _, s := range warm {
		wg.Go(func() {
			if err := s.do(ctx); err != nil && rt.ctx.Err() == nil {
				rt.Log.Info().Err(err).Str("waited_for", s.name).Msg("ready without it")
			}
		})
	}
	wg.Wait()
}

// Go runs work that belongs to the program. Its context ends when the program stops, and the teardown waits for it in
// the order in which it was added. An error before that stops the program.
func (rt *Runtime) Go(name string, work func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(rt.ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := work(ctx); err != nil && ctx.Err() == nil {
			rt.fail(fmt.Errorf("%s: %w", name, err))
		}
	}()
	rt.OnStop(name, func(limit context.Context) error {
		cancel()
		select {
		case <-done:
			return nil
		case <-limit.Done():
			return fmt.Errorf("wait for %s: %w", name, limit.Err())
		}
	})
}

// Serve runs a server on an open listener. stop must let open requests finish, within its context.
func (rt *Runtime) Serve(name string, l net.Listener, serve func(net.Listener) error, stop func(context.Context) error) {
	rt.Log.Info().Str("server", name).Stringer("address", l.Addr()).Msg("listening")
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := serve(l); err != nil && rt.ctx.Err() == nil {
			rt.fail(fmt.Errorf("serve %s on %s: %w", name, l.Addr(), err))
		}
	}()
	rt.OnStop(name, func(limit context.Context) error {
		err := stop(limit)
		select {
		case <-done:
		case <-limit.Done():
		}
		return err
	})
}

// ServeHTTP listens on the address and serves with time-outs that keep slow clients from holding connections.
func (rt *Runtime) ServeHTTP(name, addr string, h http.Handler) error {
	l, err := Listen(addr)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute}
	CloseSilent(s)
	rt.Serve(name, l, s.Serve, func(ctx context.Context) error {
		if err := s.Shutdown(ctx); err != nil {
			return errors.Join(err, s.Close())
		}
		return nil
	})
	return nil
}

// Listen opens a TCP port, or says which setting's address cannot be had.
func Listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%w: cannot listen on %q: %w", ErrUsage, addr, err)
	}
	return l, nil
}

// teardown runs the steps and reports each that failed.
func (rt *Runtime) teardown(limit time.Duration) error {
	rt.fail(context.Canceled)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	rt.mu.Lock()
	steps := rt.steps
	rt.mu.Unlock()
	var failed error
	for i := len(steps) - 1; i >= 0; i-- {
		if err := steps[i].within(ctx); err != nil {
			failed = errors.Join(failed, fmt.Errorf("stop %s: %w", steps[i].name, err))
		}
	}
	return failed
}

// within gives a step half of the time that ctx has left.
func (s step) within(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok {
		half, cancel := context.WithTimeout(ctx, time.Until(end)/2)
		defer cancel()
		ctx = half
	}
	return s.do(ctx)
}
