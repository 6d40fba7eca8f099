package bench

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// String is the stretch in one line.
func (s *Stretch) String() string {
	return fmt.Sprintf("accepted %.0f/s of %.0f/s, p50 %.1f ms, p99 %.1f ms, refused %d, failed %d, unknown %d; finished %.0f/s, worked off after %.1f s, %.2f ms of processor time each",
		s.AcceptRate, s.Rate, s.P50MS, s.P99MS, s.Refused, s.Failed, s.Unknown, s.FinishRate, s.WorkedOff, s.CPUMS)
}

// Print writes the report as tables for people.
func (r Report) Print(w io.Writer) error {
	out := &printer{w: w}
	out.line("%s on %s, %d cores\n", r.System, r.Platform, r.Cores)
	out.line("One operation: %s", r.Workload)
	for _, s := range r.Setup {
		out.line("- %s", s)
	}
	out.line("")
	out.stretches(r)
	out.processes(r)
	return out.err
}

// printer keeps the first error of many writes.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// table writes lines whose cells are separated by tabs.
func (p *printer) table(lines func(*printer)) {
	aligned := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	inner := &printer{w: aligned, err: p.err}
	lines(inner)
	p.err = cmp.Or(inner.err, aligned.Flush())
}

func (p *printer) stretches(r Report) {
	p.table(func(t *printer) {
		t.line("profile\tsent/s\tfor s\taccepted/s\tp50 ms\tp99 ms\trefused\tfailed\tunknown\tfinished/s\tworked off s\tstuck\tCPU ms each\tharness's\t")
		for _, s := range r.rows() {
			t.line("%s\t%.0f\t%.0f\t%.1f\t%.1f\t%.1f\t%d\t%d\t%d\t%.1f\t%.1f\t%d\t%.2f\t%.2f\t", s.Name, s.Rate, s.Seconds, s.AcceptRate,
				s.P50MS, s.P99MS, s.Refused, s.Failed, s.Unknown, s.FinishRate, s.WorkedOff, s.Stuck, s.CPUMS, s.HarnessCPUMS)
		}
	})
	p.line("")
	if r.Knee != nil {
		p.line("knee: %.0f/s is the highest rate at which nothing was refused and p99 stayed within %d ms", r.Knee.Rate, kneeP99MS)
	}
	if r.Overload != nil {
		p.line("overload: goodput at %.0f/s is %.0f %% of the knee's", r.Overload.Rate, 100*r.Goodput)
	}
	for _, s := range r.rows() {
		for _, status := range slices.Sorted(maps.Keys(s.Why)) {
			p.line("%s at %.0f/s: status %d means such as: %s", s.Name, s.Rate, status, s.Why[status])
		}
		if s.Short > 0 {
			p.line("%s at %.0f/s: %d operations were not sent, because the harness fell short", s.Name, s.Rate, s.Short)
		}
	}
	p.line("")
}

// rows are all stretches in the order in which they were measured.
func (r Report) rows() (rows []Stretch) {
	for _, s := range []*Stretch{r.Steady, r.Burst} {
		if s != nil {
			rows = append(rows, *s)
		}
	}
	rows = append(rows, r.Search...)
	if r.Overload != nil {
		rows = append(rows, *r.Overload)
	}
	return rows
}

// processes lists what each costs, the dearest first.
func (p *printer) processes(r Report) {
	of := map[string]float64{}
	if s := cmp.Or(r.Steady, r.Burst, r.Knee); s != nil {
		of = s.ProcessCPUMS
	}
	p.table(func(t *printer) {
		t.line("process\tCPU ms each %s\tmemory MB\t", r.Thing)
		names := slices.Sorted(maps.Keys(r.MemoryMB))
		slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(of[b], of[a]) })
		var sum float64
		for _, name := range names {
			sum += of[name]
			t.line("%s\t%.2f\t%.1f\t", name, of[name], r.MemoryMB[name])
		}
		t.line("all\t%.2f\t%.1f\t", sum, r.SumMB)
	})
	p.line("\nProcessor time is that of the first profile; memory is the proportional set size, the most seen after any profile.")
	p.line("%.0f MB of spans were sent.", r.TraceMB)
}
