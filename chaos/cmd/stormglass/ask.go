package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
)

type queryCommand struct {
	Folder string        `arg:"" help:"Evidence folder of one scenario."`
	PromQL string        `arg:"" name:"promql" help:"What to ask of the metrics, in PromQL."`
	At     time.Duration `help:"When to ask, from the beginning of the load; by default at the end of the run." placeholder:"DURATION"`
}

// Run asks recorded metrics and prints a line for each series, or one that says that there is none.
func (c queryCommand) Run(ctx context.Context, env environment) (err error) {
	folder, err := evidence.Open(c.Folder)
	if err != nil {
		return err
	}
	recorded, err := observe.Open(c.Folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, recorded.Close()) }()
	at, err := c.moment(folder.Run)
	if err != nil {
		return err
	}
	found, err := recorded.Query(ctx, c.PromQL, at)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		fmt.Fprintf(env.stderr, "stormglass: no series at %s\n", at.Format(clock))
		return nil
	}
	for _, s := range found {
		fmt.Fprintf(env.stdout, "%-12g %s\n", s.Value, labels(s.Labels))
	}
	return nil
}

// clock is how moments are printed: UTC, as in the evidence.
const clock = "15:04:05.000"

func (c queryCommand) moment(r evidence.Run) (time.Time, error) {
	if len(r.Phases) == 0 {
		return time.Time{}, fmt.Errorf("find the moment: %s went through no phase", c.Folder)
	}
	end := r.Phases[len(r.Phases)-1].End
	warmup, ok := r.Phase(evidence.Warmup)
	if c.At == 0 || !ok {
		return end, nil
	}
	at := warmup.Start.Add(c.At)
	if at.After(end) {
		return time.Time{}, fmt.Errorf("find the moment: --at %s is after the end of the run, %s from the beginning of its load", c.At, end.Sub(warmup.Start).Round(time.Millisecond))
	}
	return at, nil
}

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
	Folder string `arg:"" help:"Evidence folder of one scenario."`
	ID     string `arg:"" optional:"" name:"trace-id" help:"Which trace to show; without it, the slowest are listed."`
}

// Run shows one trace as a tree, or the ten slowest.
func (c traceCommand) Run(env environment) (err error) {
	recorded, err := observe.Open(c.Folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, recorded.Close()) }()
	if c.ID == "" {
		return listTraces(env.stdout, recorded)
	}
	spans := recorded.Trace(strings.ToLower(c.ID))
	if len(spans) == 0 {
		return fmt.Errorf("find trace: %s holds no trace %q; stormglass trace %s lists the slowest", c.Folder, c.ID, c.Folder)
	}
	tree{env.stdout, spans, spans[0].Start}.print()
	return nil
}

// slowest is how many traces are listed.
const slowest = 10

func listTraces(w io.Writer, recorded *observe.Recorded) error {
	type entry struct {
		id, name        string
		took            time.Duration
		spans, services int
	}
	var all []entry
	for id, spans := range recorded.Traces() {
		services := map[string]bool{}
		end := spans[0].End
		for _, s := range spans {
			services[s.Service] = true
			if s.End.After(end) {
				end = s.End
			}
		}
		all = append(all, entry{id, spans[0].Service + ": " + spans[0].Name, end.Sub(spans[0].Start), len(spans), len(services)})
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(b.took, a.took) })
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "%d traces; the slowest:\n", len(all))
	for _, e := range all[:min(slowest, len(all))] {
		fmt.Fprintf(out, "%s\t%.1f ms\t%d spans\t%d services\t%s\n", e.id, float64(e.took.Microseconds())/1000, e.spans, e.services, e.name)
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
	Folder      string `arg:"" help:"Evidence folder of one scenario, or the folder that a running up has named."`
	Instance    string `help:"Only of this process, such as order-1."`
	Correlation string `help:"Only with this correlation id." placeholder:"ID"`
	Trace       string `help:"Only with this trace id." placeholder:"ID"`
	Text        string `help:"Only lines that hold this text."`
}

// Run prints the lines of all processes by time, each behind its process's name.
func (c logsCommand) Run(env environment) error {
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
