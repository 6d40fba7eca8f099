package bench

const (
	// kneeP99MS is the latency beyond which a rate does not hold.
	kneeP99MS = 100
	// steeper is the factor from one rate to the next.
	steeper = 1.2
	// highest is where the search ends, in operations a second: what is faster than that needs another load generator.
	highest = 5000
)

// knee raises the rate until it does not hold. A rate that fails gets a second try: on a shared machine one pause of
// somebody else's must not be taken for the system's limit.
func (r *rig) knee(report *Report) error {
	if s := report.Steady; s != nil && s.Holds() {
		report.Knee = s
	}
	for rate := r.Rate * steeper; rate < highest; rate *= steeper {
		held, err := r.step(report, rate)
		if err == nil && held == nil {
			held, err = r.step(report, rate)
		}
		if err != nil {
			return err
		}
		if held == nil {
			return nil
		}
		report.Knee = held
	}
	return nil
}

// step tries one rate, and gives what was measured if it held.
func (r *rig) step(report *Report, rate float64) (*Stretch, error) {
	s, err := r.drive(Knee, rate, r.Step)
	if err != nil {
		return nil, err
	}
	report.Search = append(report.Search, *s)
	if !s.Holds() {
		return nil, nil
	}
	return s, nil
}
