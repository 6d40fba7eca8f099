package bench

const (
	// kneeP99MS is the latency beyond which a rate does not hold.
	kneeP99MS = 100
	// steeper is the factor from one rate to the next.
	steeper = 1.2
	// highest is where the search ends, in operations a second: what is faster than that needs another load generator.
	highest = 5000
	// lowest is where it ends on the way down.
	lowest = 20
)

// knee looks for the highest rate that holds: upwards from the steady one, or downwards when that did not hold.
func (r *rig) knee(report *Report) error {
	if s := report.Steady; s != nil && s.Holds() {
		report.Knee = s
	} else if err := r.descend(report); err != nil || report.Knee == nil {
		return err
	}
	for rate := report.Knee.Rate * steeper; rate < highest; rate *= steeper {
		held, err := r.step(report, rate)
		if err != nil || held == nil {
			return err
		}
		report.Knee = held
	}
	return nil
}

// descend lowers the rate until it holds; below lowest there is no knee worth the name.
func (r *rig) descend(report *Report) (err error) {
	for rate := r.Rate; rate > lowest && report.Knee == nil && err == nil; rate /= steeper {
		report.Knee, err = r.step(report, rate)
	}
	return err
}

// step tries one rate, twice when it must: on a shared machine one pause of somebody else's must not be taken for the
// system's limit. It gives what was measured if the rate held.
func (r *rig) step(report *Report, rate float64) (*Stretch, error) {
	for range 2 {
		s, err := r.drive(Knee, rate, r.Step)
		if err != nil {
			return nil, err
		}
		report.Search = append(report.Search, *s)
		if s.Holds() {
			return s, nil
		}
	}
	return nil, nil
}
