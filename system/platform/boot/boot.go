// Package boot is how any program of the system lives: settings, signals, readiness, ordered teardown, exit codes.
//
//	program wires itself ─▶ listeners are open ─▶ ready ─▶ SIGTERM ─▶ not ready ─▶ teardown, last in first out ─▶ exit 0
package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// Exit codes of every program.
const (
	ExitOK    = 0
	ExitError = 1
	// ExitUsage is for what the operator must correct: an unknown command, a bad setting, a port in use.
	ExitUsage = 2
)

// Program wires itself up (settings, store, neighbours, service, routes) and returns; what it started goes on until
// the context ends. An error ends the process.
type Program func(ctx context.Context, rt *Runtime) error

// Version is the build's version, set by the linker.
var Version = "dev"

// settings are those of every program.
type settings struct {
	Instance  string        `env:"INSTANCE"`
	AdminAddr string        `env:"ADMIN_ADDR"`
	OTLP      string        `env:"OTLP_ENDPOINT"`
	LogLevel  zerolog.Level `env:"LOG_LEVEL" envDefault:"info"`
	// Teardown is how long all steps of the teardown may take together.
	Teardown time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"10s"`
	// Drain is how long a service that is no longer ready goes on answering, so that callers can turn away.
	Drain time.Duration `env:"DRAIN_DELAY" envDefault:"0s"`
}

// Run runs a program as the process until SIGINT or SIGTERM, and gives the exit code.
func Run(name string, program Program, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return exit(name, run(ctx, name, program, stdout), stderr)
}

// Once runs an operator's tool: a program that is over when it returns. It logs to stderr, and only what goes wrong.
func Once(name string, program Program, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return exit(name, once(ctx, name, program, stderr), stderr)
}

func once(ctx context.Context, name string, program Program, stderr io.Writer) (err error) {
	tel, flush, err := telemetry.Start(ctx, telemetry.Options{Service: name, Instance: name, Level: zerolog.ErrorLevel, Output: stderr, Version: Version})
	if err != nil {
		return err
	}
	rt := newRuntime(ctx, tel)
	rt.OnStop("telemetry", flush)
	defer func() { err = errors.Join(err, rt.teardown(teardownOnce)) }()
	return program(rt.ctx, rt)
}

// teardownOnce is how long a tool may take to leave.
const teardownOnce = 5 * time.Second

func exit(name string, err error, stderr io.Writer) int {
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, ErrUsage):
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return ExitUsage
	}
	fmt.Fprintf(stderr, "%s: %v\n", name, err)
	return ExitError
}

func run(ctx context.Context, name string, program Program, stdout io.Writer) (err error) {
	var s settings
	if err := Settings(&s); err != nil {
		return err
	}
	if s.Instance == "" {
		s.Instance = name + "-1"
	}
	tel, flush, err := telemetry.Start(ctx, telemetry.Options{
		Service: name, Instance: s.Instance, OTLP: s.OTLP, Level: s.LogLevel, Output: stdout, Version: Version,
	})
	if err != nil {
		return err
	}
	rt := newRuntime(ctx, tel)
	rt.Drain = s.Drain
	rt.OnStop("telemetry", flush)
	defer func() { err = errors.Join(err, rt.teardown(s.Teardown)) }()
	if s.AdminAddr != "" {
		if err := rt.serveAdmin(s.AdminAddr); err != nil {
			return err
		}
	}
	if err := program(rt.ctx, rt); err != nil {
		return stopped(ctx, err)
	}
	rt.warmUp()
	rt.readiness.open()
	tel.Log.Info().Msg("ready")
	<-rt.ctx.Done()
	rt.readiness.close()
	tel.Log.Info().Msg("stopping")
	if ctx.Err() != nil { // asked to stop, rather than failed
		wait(s.Drain)
		return nil
	}
	return stopped(ctx, context.Cause(rt.ctx))
}

// stopped tells a failure from being asked to stop while still starting.
func stopped(asked context.Context, err error) error {
	if asked.Err() != nil && (errors.Is(err, context.Canceled) || problem.CodeOf(err) == problem.Canceled) {
		return nil
	}
	return err
}

func wait(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}
