// Package bench measures how much a whole running system bears: what it accepts and how fast, what it finishes, what
// that costs in processor time and memory, and what it does when more is asked of it than it can bear.
//
// Nothing stands between the processes: it is the system that is measured and not the harness. All else is as in
// production: everything durable, metrics scraped, every trace sent. The load comes from the same machine and is
// open-model: arrivals wait for nobody, and latency counts from the intended arrival.
package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"stormglass/chaos/system"
	"stormglass/chaos/verdict"
)

// Options say what is measured and how hard.
type Options struct {
	System   *system.System
	Registry verdict.Registry // its Workload is what is driven
	Bin      string           // the folder of the system's programs
	Dir      string           // a folder for the cell's data and logs
	Guard    []string         // see cell.Options.Guard
	Seed     uint64
	Rate     float64       // of the steady profile, in operations a second; the search for the knee begins there
	Burst    float64       // of the burst
	Length   time.Duration // of the steady profile, the burst and the overload
	Step     time.Duration // of one rate in the search for the knee
	Patience time.Duration // how long what was accepted may take to be finished once the load has ended; 0 for 60 s
	Only     []string      // the profiles to run; all when empty
	Progress func(format string, args ...any)
}

// The profiles.
const (
	Steady   = "steady"
	Burst    = "burst"
	Knee     = "knee"
	Overload = "overload"
)

// Profiles lists them in the order in which they run.
func Profiles() []string { return []string{Steady, Burst, Knee, Overload} }

const (
	// warmup is at half the steady rate: connections, caches and the garbage collector find their pace.
	warmup = 3 * time.Second
	// overload is how many times the knee's rate is sent to see what the system does then.
	overload = 2
)

// ErrNoWorkload is what Run gives for a registry that says not what to drive.
var ErrNoWorkload = errors.New("nobody has registered a workload")

// Run measures. The error is for what could not be measured; a system that does badly is a report like any other.
func Run(ctx context.Context, o Options) (Report, error) {
	r, err := start(ctx, o)
	if err != nil {
		return Report{}, err
	}
	report, err := r.measure()
	err = cmp.Or(context.Cause(r.ctx), err) // what ended the measurement, rather than what failed because of that
	if stopErr := r.stop(); err == nil {
		err = stopErr
	}
	if ctx.Err() != nil {
		return Report{}, context.Cause(ctx)
	}
	if err != nil {
		return Report{}, fmt.Errorf("measure %s: %w", o.System.Name, err)
	}
	return report, nil
}

// measure runs the profiles one after the other on one cell.
func (r *rig) measure() (Report, error) {
	report := r.report()
	if _, err := r.drive("warm-up", r.Rate/2, warmup); err != nil {
		return report, err
	}
	for _, p := range []struct {
		name string
		run  func(*Report) error
	}{{Steady, r.steady}, {Burst, r.burst}, {Knee, r.knee}, {Overload, r.overload}} {
		if !r.wanted(p.name) {
			continue
		}
		if err := p.run(&report); err != nil {
			return report, fmt.Errorf("%s: %w", p.name, err)
		}
		if err := r.weigh(&report); err != nil {
			return report, err
		}
	}
	report.TraceMB = float64(r.sink.bytes.Load()) / 1e6
	return report, nil
}

func (r *rig) steady(report *Report) (err error) {
	report.Steady, err = r.drive(Steady, r.Rate, r.Length)
	return err
}

func (r *rig) burst(report *Report) (err error) {
	report.Burst, err = r.drive(Burst, r.Options.Burst, r.Length)
	return err
}

func (r *rig) overload(report *Report) (err error) {
	if report.Knee == nil {
		r.Progress("overload: left out, because no rate held that could be doubled")
		return nil
	}
	report.Overload, err = r.drive(Overload, overload*report.Knee.Rate, r.Length)
	if err == nil {
		report.Goodput = report.Overload.GoodRate / report.Knee.GoodRate
	}
	return err
}
