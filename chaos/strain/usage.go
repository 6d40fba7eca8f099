package strain

import "time"

// usage is processor time of some threads.
type usage struct{ ran, waited time.Duration }

func (u usage) plus(o usage) usage { return usage{u.ran + o.ran, u.waited + o.waited} }

func (u usage) minus(o usage) usage { return usage{u.ran - o.ran, u.waited - o.waited} }

// reading is the state of the machine's and the harness's counters at one moment.
type reading struct {
	at       time.Time // with the monotonic clock's reading
	measured bool      // the system tells what follows
	scanned  bool      // new processes and threads have been looked for
	allowed  int       // processors that the harness may run on
	idle     time.Duration
	steal    time.Duration
	withheld time.Duration // by a quota
	quota    float64       // in processors, 0 where there is none
	pressure time.Duration
	harness  usage // since the reading before
}

// since makes a sample of two readings, without what belongs to a cell.
func (r reading) since(last reading) Sample {
	elapsed := r.at.Sub(last.at)
	wall := r.at.Round(0).Sub(last.at.Round(0))
	s := Sample{
		End: r.at.Round(0), Length: ms(elapsed),
		Harness: ms(r.harness.ran), HarnessWaited: ms(r.harness.waited),
		Steal: ms(max(0, r.steal-last.steal)), Quota: ms(max(0, r.withheld-last.withheld)), Pressure: ms(max(0, r.pressure-last.pressure)),
	}
	if jump := wall - elapsed; jump.Abs() >= time.Millisecond {
		s.Jump = ms(jump)
	}
	return s
}

// idleSince is for how long the allowed processors had nothing to do, in milliseconds.
func (r reading) idleSince(last reading) float64 { return ms(max(0, r.idle-last.idle)) }

// busy is for how long the allowed processors worked or were stolen, in milliseconds.
func (r reading) busy(last reading) float64 {
	return max(0, float64(r.allowed)*ms(r.at.Sub(last.at))-r.idleSince(last))
}

// cores is how many processors the harness and its cells may use.
func (r reading) cores() float64 {
	if r.quota > 0 {
		return min(r.quota, float64(r.allowed))
	}
	return float64(r.allowed)
}
