// Command loadtest loads a shop with k6 by one of the profiles in loadtests/profiles, starts the shop of this machine where
// none is named and none is running, and leaves the results in a folder of their own under out/loadtests.
//
//	PROFILE=stress BASE_URL=https://shop.example bin/loadtest
//
// All settings are in the environment: PROFILE (default smoke) and those of loadtests/shop/settings.js.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// Exit codes.
const (
	exitGreen       = 0
	exitRed         = 1   // the shop broke a limit, or could not be made ready
	exitBadInput    = 2   // a setting, or what is missing around us
	exitFailed      = 4   // the load test itself failed
	exitInterrupted = 130 // Ctrl-C; everything was stopped
)

// codeError is an error that knows the program's exit code.
type codeError struct {
	code int
	err  error
}

func (e codeError) Error() string { return e.err.Error() }
func (e codeError) Unwrap() error { return e.err }

// errInterrupted ends a run by a signal.
var errInterrupted = codeError{exitInterrupted, errors.New("interrupted; everything that was started has been stopped")}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := complain(os.Stderr, execute(ctx, os.Args[1:], os.Stdout))
	stop()
	os.Exit(code)
}

// complain prints an error and gives the exit code that belongs to it.
func complain(w io.Writer, err error) int {
	if err == nil {
		return exitGreen
	}
	fmt.Fprintf(w, "loadtest: %v\n", err)
	if coded, ok := errors.AsType[codeError](err); ok {
		return coded.code
	}
	return exitFailed
}

// execute makes one load test. A nil error is a green one.
func execute(ctx context.Context, args []string, out io.Writer) error {
	t, err := settle(args, out)
	if err != nil {
		return err
	}
	plan, err := t.inspect(ctx)
	if err != nil {
		return err
	}
	running, err := t.find(ctx)
	if err != nil {
		return err
	}
	folder, err := t.makeFolder()
	if err != nil {
		return err
	}
	if !running {
		shop, err := t.startShop(ctx, folder)
		if err != nil {
			return err
		}
		defer shop.stop()
	}
	fmt.Fprintf(out, "%s: visitors arrive at %s for %s\n", t.profile, t.baseURL, plan.arriving())
	return t.load(ctx, plan, folder)
}

// test is what is to be done, and with what.
type test struct {
	root, k6, results string
	profile, baseURL  string
	named             bool // the address was named, so no shop is started there
	out               io.Writer
}

// usage is for whoever gives arguments that there are not.
const usage = "settings are in the environment, such as PROFILE=stress; the flags are -root DIR, -k6 PATH, -out DIR and -port N"

// settle reads flags and environment.
func settle(args []string, out io.Writer) (*test, error) {
	t := &test{out: out, profile: or(os.Getenv("PROFILE"), "smoke"), baseURL: os.Getenv("BASE_URL"), named: os.Getenv("BASE_URL") != ""}
	flags := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&t.root, "root", "", "the repository; by default two folders above this program")
	flags.StringVar(&t.k6, "k6", "", "k6; by default bin/tools/k6 of the repository")
	flags.StringVar(&t.results, "out", "", "folder of all results; by default out/loadtests of the repository")
	port := flags.Uint("port", 8080, "port of the shop of this machine, where BASE_URL names none")
	if err := flags.Parse(args); err != nil {
		return nil, badInput("read arguments: %w: %s", err, usage)
	}
	if flags.NArg() > 0 {
		return nil, badInput("read arguments: %q: %s", flags.Args(), usage)
	}
	if t.root == "" {
		own, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find repository: %w", err)
		}
		t.root = filepath.Dir(filepath.Dir(own))
	}
	t.k6 = or(t.k6, filepath.Join(t.root, "bin", "tools", "k6"))
	t.results = or(t.results, filepath.Join(t.root, "out", "loadtests"))
	t.baseURL = or(t.baseURL, fmt.Sprintf("http://127.0.0.1:%d", *port))
	if _, err := os.Stat(t.k6); err != nil {
		return nil, badInput("find k6: it is not at %s: run `make loadtest`, which builds it, or name yours with -k6", t.k6)
	}
	return t, t.checkProfile()
}

// checkProfile names the profiles that there are to whoever asks for another one.
func (t *test) checkProfile() error {
	names, err := fs.Glob(os.DirFS(filepath.Join(t.root, "loadtests", "profiles")), "*.js")
	if err != nil || len(names) == 0 {
		return badInput("list profiles: there are none below %s: name the repository with -root", t.root)
	}
	known := ""
	for _, name := range names {
		name = strings.TrimSuffix(name, ".js")
		if name == t.profile {
			return nil
		}
		known += " " + name
	}
	return badInput("PROFILE=%s: there is no such profile, only:%s", t.profile, known)
}

// script is the profile's file.
func (t *test) script() string {
	return filepath.Join(t.root, "loadtests", "profiles", t.profile+".js")
}

func badInput(format string, args ...any) error {
	return codeError{exitBadInput, fmt.Errorf(format, args...)}
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
