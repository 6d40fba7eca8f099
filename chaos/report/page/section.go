package page

import (
	"context"
	"fmt"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
)

// section is one scenario's evidence, drawn.
type section struct {
	Run      evidence.Run
	Notes    []string // what could not be read or drawn, and why
	Zero     string   // what the clock calls 0
	From, To float64  // the clock's stretch, in seconds from its 0
	Ticks    []tick
	Phases   []band
	Windows  []row
	Strain   []row // what others took, and how late the harness was
	Plots    []plot
	Figures  []figures
	Slowest  []trace
}

// draw makes a section of a scenario's evidence folder. What is missing becomes a note.
func draw(ctx context.Context, e entry) section {
	folder, err := evidence.Open(e.Folder)
	if err != nil {
		return section{Notes: []string{fmt.Sprintf("Nothing can be drawn: %v.", err)}}
	}
	s := section{Run: folder.Run, Zero: "the fault phase began"}
	if folder.Run.Struck().IsZero() {
		s.Zero = "the baseline began"
	}
	c := newClock(folder.Run, folder.Doses, folder.History)
	if c.empty() {
		s.Notes = append(s.Notes, "Nothing can be drawn: the run ended before there was any load.")
		return s
	}
	s.From, s.To = c.from.Sub(c.zero).Seconds(), c.to.Sub(c.zero).Seconds()
	s.Ticks, s.Phases, s.Windows = c.ticks(), c.phases(folder.Run), c.windows(folder.Doses)
	s.Strain = c.strain(folder.Strain)
	if all := byName(folder.History); len(all) > 0 {
		s.Figures = figuresOf(folder.Run, all)
		s.Plots = append(s.Plots, throughput(c, folder.History), latency(c, all))
	} else {
		s.Notes = append(s.Notes, "No operation was recorded, so there is neither throughput nor latency to show.")
	}
	s.observed(ctx, c, e.Folder)
	return s
}

// observed adds what the observer recorded: metrics and traces.
func (s *section) observed(ctx context.Context, c clock, dir string) {
	recorded, err := observe.Open(dir)
	if err != nil {
		s.Notes = append(s.Notes, fmt.Sprintf("Neither metrics nor traces can be shown: %v.", err))
		return
	}
	for _, asked := range s.Run.Report {
		s.Plots = append(s.Plots, chart(ctx, c, recorded, asked))
	}
	if len(s.Run.Report) == 0 {
		s.Notes = append(s.Notes, "No metrics are shown: the file of the system that ran names none to draw.")
	}
	s.Slowest = slowest(c, recorded)
	if err := recorded.Close(); err != nil {
		s.Notes = append(s.Notes, fmt.Sprintf("The recording did not close: %v.", err))
	}
}
