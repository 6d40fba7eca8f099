package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// quiet keeps k6 from reporting itself and from fetching anything.
var quiet = []string{"K6_NO_USAGE_REPORT=true", "K6_AUTO_EXTENSION_RESOLUTION=false"}

// plan is what k6 makes of a profile.
type plan struct {
	TotalDuration string `json:"totalDuration"`
	Scenarios     map[string]struct {
		GracefulStop string `json:"gracefulStop"`
	} `json:"scenarios"`
}

// arriving is how long visitors arrive: all of the plan but the time that the last ones may take.
func (p plan) arriving() time.Duration {
	total, _ := time.ParseDuration(p.TotalDuration) // zero for what k6 does not say; it only chooses the report's grain
	for _, s := range p.Scenarios {
		grace, _ := time.ParseDuration(s.GracefulStop)
		total -= grace
	}
	return max(total, 0)
}

// inspect lets k6 read the profile and the settings, so that wrong ones are told before anything is started.
func (t *test) inspect(ctx context.Context) (p plan, err error) {
	var stdout, stderr bytes.Buffer
	k6, err := launch([]string{t.k6, "inspect", "--execution-requirements", "--include-system-env-vars", "--log-format", "json", t.script()}, t.settings(), &stdout, &stderr)
	if err != nil {
		return p, err
	}
	defer k6.stop()
	select {
	case <-k6.ended:
	case <-ctx.Done():
		return p, errInterrupted
	}
	if k6.err != nil {
		return p, badInput("%s", complaint(stderr.String()))
	}
	if err := json.Unmarshal(stdout.Bytes(), &p); err != nil {
		return p, fmt.Errorf("read plan: %w", err)
	}
	return p, nil
}

// complaint is the first sentence of what k6 logged, without the stack.
func complaint(log string) string {
	for line := range strings.Lines(log) {
		var entry struct{ Level, Msg string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Level == "error" {
			first, _, _ := strings.Cut(entry.Msg, "\n")
			return strings.TrimPrefix(first, "Error: ")
		}
	}
	return strings.TrimSpace(log)
}

func (t *test) settings() []string { return append([]string{"BASE_URL=" + t.baseURL}, quiet...) }

// makeFolder makes the folder of this run's results.
func (t *test) makeFolder() (string, error) {
	folder := filepath.Join(t.results, time.Now().UTC().Format("20060102T150405Z")+"-"+t.profile)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("make folder: %w", err)
	}
	return folder, nil
}

// load runs k6 and judges what it left.
func (t *test) load(ctx context.Context, p plan, folder string) error {
	grain := max(p.arriving()/100, time.Second).Round(time.Second) // of the report's charts
	env := append(t.settings(), "SUMMARY="+filepath.Join(folder, "summary.json"),
		"K6_WEB_DASHBOARD=true", "K6_WEB_DASHBOARD_PORT=-1", "K6_WEB_DASHBOARD_PERIOD="+grain.String(),
		"K6_WEB_DASHBOARD_EXPORT="+filepath.Join(folder, "report.html"))
	argv := []string{t.k6, "run", "--address="}
	if !terminal(t.out) {
		argv = append(argv, "--quiet")
	}
	k6, err := launch(append(argv, t.script()), env, t.out, os.Stderr)
	if err != nil {
		return err
	}
	defer k6.stop()
	select {
	case <-k6.ended:
	case <-ctx.Done():
		return errInterrupted
	}
	err = judge(k6.code(), folder)
	fmt.Fprintf(t.out, "report: %s\nfigures: %s\n", filepath.Join(folder, "report.html"), filepath.Join(folder, "summary.json"))
	return err
}

// terminal says whether somebody watches, who likes to see progress.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Exit codes of k6 that tell of the shop.
const (
	k6Broken       = 99  // a threshold
	k6SetupTimeout = 100 // the customers could not be made in time
	k6Exception    = 107 // setup or teardown failed
	k6Aborted      = 108 // the shop left before the first visit
)

// judge takes a run for green only if k6, the summary and the report all say or allow so. A profile that looks for the
// shop's limit breaks one on purpose, and says so.
func judge(code int, folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, "summary.json"))
	var summary struct {
		Verdict string
		Broke   bool
	}
	switch {
	case code == k6SetupTimeout || code == k6Exception || code == k6Aborted:
		return codeError{exitRed, errors.New("the shop could not be made ready for visitors, or be looked at afterwards: see above")}
	case code != 0 && code != k6Broken:
		return fmt.Errorf("run k6: it ended with exit code %d", code)
	case err != nil:
		return fmt.Errorf("read summary: %w", err)
	}
	if err := json.Unmarshal(text, &summary); err != nil {
		return fmt.Errorf("read summary: %w", err)
	}
	if summary.Verdict != "PASS" || code == k6Broken && !summary.Broke {
		return codeError{exitRed, errors.New("the shop broke a limit: see BROKEN above")}
	}
	if _, err := os.Stat(filepath.Join(folder, "report.html")); err != nil {
		return fmt.Errorf("find report: %w", err)
	}
	return nil
}
