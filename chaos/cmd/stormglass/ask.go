package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"stormglass/chaos/observe"
)

type queryCommand struct {
	Ask []string      `arg:"" name:"[folder] promql" help:"What to ask of the metrics, in PromQL; before it the evidence folder of one scenario, or none to ask the running up."`
	At  time.Duration `help:"When to ask, from the beginning of the load or of the up; by default at the end of the run, or now." placeholder:"DURATION"`
}

// Run asks metrics and prints a line for each series, or one that says that there is none.
func (c queryCommand) Run(ctx context.Context, env environment) (err error) {
	folder, promql := "", c.Ask[0]
	switch len(c.Ask) {
	case 1:
	case 2:
		folder, promql = c.Ask[0], c.Ask[1]
	default:
		return fmt.Errorf("read question: expected a folder and one query, got %d words; put the query in quotes", len(c.Ask))
	}
	from, err := sourceIn(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	at, err := from.moment(c.At)
	if err != nil {
		return err
	}
	found, err := from.Query(ctx, promql, at)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		fmt.Fprintf(env.stderr, "stormglass: no series at %s\n", at.UTC().Format(clock))
		return nil
	}
	for _, s := range found {
		fmt.Fprintf(env.stdout, "%-12g %s\n", s.Value, labels(s.Labels))
	}
	return nil
}

// clock is how moments are printed: UTC, as in the evidence.
const clock = "15:04:05.000"

func labels(all map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if name != "__name__" {
			parts = append(parts, fmt.Sprintf("%s=%q", name, all[name]))
		}
	}
	return all["__name__"] + "{" + strings.Join(parts, ", ") + "}"
}

type traceCommand struct {
	Ask []string `arg:"" optional:"" name:"[folder] [trace-id]" help:"Which trace to show; without it, the slowest are listed. Before it the evidence folder of one scenario, or none to ask the running up."`
}

// traceIDs are 32 hexadecimal digits, which no folder's name happens to be.
var traceIDs = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)

// Run shows one trace as a tree, or the ten slowest.
func (c traceCommand) Run(ctx context.Context, env environment) (err error) {
	var folder, id string
	switch {
	case len(c.Ask) > 2:
		return fmt.Errorf("read question: expected a folder and one trace id, got %d words", len(c.Ask))
	case len(c.Ask) == 2:
		folder, id = c.Ask[0], c.Ask[1]
	case len(c.Ask) == 1 && traceIDs.MatchString(c.Ask[0]):
		id = c.Ask[0]
	case len(c.Ask) == 1:
		folder = c.Ask[0]
	}
	from, err := sourceIn(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if id == "" {
		return listTraces(ctx, env.stdout, from)
	}
	spans, err := from.Trace(ctx, strings.ToLower(id))
	if err != nil {
		return err
	}
	if len(spans) == 0 {
		return fmt.Errorf("find trace: %s holds no trace %q; %s lists the slowest", cmp.Or(folder, "the running up"), id, strings.TrimSpace("stormglass trace "+folder))
	}
	tree{env.stdout, spans, spans[0].Start}.print()
	return nil
}

// slowest is how many traces are listed.
const slowest = 10

func listTraces(ctx context.Context, w io.Writer, from source) error {
	list, all, err := from.Slowest(ctx, slowest)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "%d traces; the slowest:\n", all)
	for _, s := range list {
		fmt.Fprintf(out, "%s\t%.1f ms\t%d spans\t%d services\t%s\n", s.ID, float64(s.Took.Microseconds())/1000, s.Spans, s.Services, s.Name)
	}
	return out.Flush()
}

// tree prints spans below their parents, in the order of their starts.
type tree struct {
	w     io.Writer
	spans []observe.Span
	begin time.Time
}

func (t tree) print() {
	known := map[string]bool{}
	for _, s := range t.spans {
		known[s.SpanID] = true
	}
	for _, s := range t.spans {
		if !known[s.ParentID] {
			t.below(s, 0)
		}
	}
}

func (t tree) below(s observe.Span, depth int) {
	status := ""
	if s.Status == observe.StatusError {
		status = "  error: " + s.StatusMessage
	}
	fmt.Fprintf(t.w, "%9.1f ms %9.1f ms  %s%s: %s (%s)%s\n", milliseconds(s.Start.Sub(t.begin)), milliseconds(s.End.Sub(s.Start)),
		strings.Repeat("  ", depth), s.Service, s.Name, s.Kind, status)
	for _, child := range t.spans {
		if child.ParentID == s.SpanID && child.SpanID != s.SpanID {
			t.below(child, depth+1)
		}
	}
}

type logsCommand struct {
	Folder      string `arg:"" optional:"" help:"Evidence folder of one scenario, or that of a running up; without one, that of the one that is up."`
	Instance    string `help:"Only of this process, such as order-1."`
	Correlation string `help:"Only with this correlation id." placeholder:"ID"`
	Trace       string `help:"Only with this trace id." placeholder:"ID"`
	Text        string `help:"Only lines that hold this text."`
}

// Run prints the lines of all processes by time, each behind its process's name.
func (c logsCommand) Run(ctx context.Context, env environment) error {
	if c.Folder == "" {
		up, err := theRunning(ctx)
		if err != nil {
			return err
		}
		c.Folder = up.Folder
	}
	lines, err := observe.Logs(c.Folder, observe.LogMatch{Instance: c.Instance, CorrelationID: c.Correlation, TraceID: c.Trace, Text: c.Text})
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		fmt.Fprintln(env.stderr, "stormglass: no line matches")
	}
	for _, l := range lines {
		fmt.Fprintf(env.stdout, "%-16s %s\n", l.Instance, l.Raw)
	}
	return nil
}
