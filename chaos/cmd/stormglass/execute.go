package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/alecthomas/kong"

	"stormglass/chaos/report"
	"stormglass/chaos/verdict"
)

// environment is what commands need of the world around them.
type environment struct {
	registry       verdict.Registry
	guard          []string // see cell.Options.Guard; nil in the program that ships
	stdin          io.Reader
	stdout, stderr io.Writer
}

// commands is the command line.
type commands struct {
	Run      runCommand      `cmd:"" help:"Run scenarios and judge them."`
	Validate validateCommand `cmd:"" help:"Check scenario files without running anything."`
	List     listCommand     `cmd:"" help:"List the scenarios of a folder with their claims."`
	Explain  explainCommand  `cmd:"" help:"Say in plain words what a scenario does and claims."`
	Schema   schemaCommand   `cmd:"" help:"Print the JSON Schema of scenario files, for editors."`
	Mutate   mutateCommand   `cmd:"" help:"Take out one defence after the other, and see whether the checks notice."`
	Check    checkCommand    `cmd:"" help:"Judge an evidence folder again, offline."`
	Query    queryCommand    `cmd:"" help:"Ask the metrics of a kept run, in PromQL."`
	Trace    traceCommand    `cmd:"" help:"Show a trace of a kept run as a tree, or list the slowest."`
	Logs     logsCommand     `cmd:"" help:"Search the logs of all processes of a kept run, or of a running up."`
	Timeline timelineCommand `cmd:"" help:"Tell all that a kept run knows of one object, such as an order: who did what with it, and when."`
	Report   reportCommand   `cmd:"" help:"Draw a kept run as one HTML page again, offline."`
	Tally    tallyCommand    `cmd:"" help:"Count over several runs how often each scenario gave its verdict, as a table in Markdown."`
	Up       upCommand       `cmd:"" help:"Start the system and keep it up until Ctrl-C."`
	Probe    probeCommand    `cmd:"" help:"Place one order at a system that runs elsewhere, and print what it took."`
	Bench    benchCommand    `cmd:"" help:"Measure what the system bears: rates, latency, processor time, memory."`
	Guard    guardCommand    `cmd:"" hidden:"" help:"Keep a cell's processes for the harness."`
}

// codeError is an error that knows the program's exit code. err may be nil when everything was said already.
type codeError struct {
	code int
	err  error
}

func (e codeError) Error() string { return fmt.Sprint(e.err) }
func (e codeError) Unwrap() error { return e.err }

// errInterrupted ends a run by Ctrl-C or SIGTERM.
var errInterrupted = errors.New("interrupted; everything that was started has been stopped")

// execute runs one command line and returns the exit code. An error without a code of its own is bad input.
func execute(ctx context.Context, args []string, env environment) int {
	exited := -1
	var cli commands
	parser, err := kong.New(&cli, kong.Name("stormglass"),
		kong.Description("Starts a system, breaks it as scenarios say, and tells the truth about what happened."),
		kong.Writers(env.stdout, env.stderr), kong.Exit(func(code int) { exited = code }))
	if err != nil {
		return env.complain(err)
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	wrong, ok := errors.AsType[*kong.ParseError](err)
	if ok && wrong.Context.Selected() != nil && strings.HasPrefix(err.Error(), "unexpected argument") {
		err = fmt.Errorf("%w: what is no flag stands together, before the flags or after them", err)
	}
	if err != nil {
		return env.complain(fmt.Errorf("%w; see stormglass --help", err))
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	return env.complain(command.Run(env))
}

// complain prints an error and returns the exit code that belongs to it.
func (env environment) complain(err error) int {
	if err == nil {
		return report.ExitExpected
	}
	coded, ok := errors.AsType[codeError](err)
	if !ok {
		coded = codeError{report.ExitBadInput, err}
	}
	if coded.err != nil {
		fmt.Fprintf(env.stderr, "stormglass: %v\n", coded.err)
	}
	return coded.code
}

// interruptible gives a context that Ctrl-C or SIGTERM ends. A second signal kills the program at once; the guards
// then clean up after it.
func interruptible(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	var watching sync.WaitGroup
	watching.Go(func() {
		defer signal.Stop(signals)
		select {
		case <-signals:
			cancel(errInterrupted)
		case <-ctx.Done():
		}
	})
	return ctx, func() { cancel(nil); watching.Wait() }
}
