package bench

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"syscall"
	"time"

	"stormglass/chaos/load"
)

const (
	// openAtOnce bounds the visits that are under way; a system that lets more pile up is far past its knee.
	openAtOnce = 4000
	// answerWithin is how long an operation waits for its answer; what takes longer is unknown.
	answerWithin = 10 * time.Second
	// usualPatience is how long what was accepted may take to be finished where Options.Patience does not say.
	usualPatience = 60 * time.Second
	// look is how often the metrics are asked whether it is.
	look = 100 * time.Millisecond
)

// tally is what the system had counted, and what it had cost, at one moment.
type tally struct {
	begun, finished int
	cpu             map[string]time.Duration
	harness         time.Duration
}

// drive holds one rate for a while, then waits until everything that was accepted is finished.
func (r *rig) drive(name string, rate float64, length time.Duration) (*Stretch, error) {
	r.Progress("%s: %.0f/s for %s", name, rate, length)
	before, err := r.tally()
	if err != nil {
		return nil, err
	}
	recorder := load.NewRecorder(io.Discard)
	begin := time.Now()
	generator := load.Start(context.WithoutCancel(r.ctx), load.Options{
		Name: r.workload.Shopper, Shopper: r.shopper, Rate: load.Rate(rate), Seed: r.Seed,
		Open: openAtOnce, Timeout: answerWithin, Recorder: recorder,
	})
	pause(r.ctx, length)
	ended := time.Now()
	limit, cancel := context.WithTimeout(r.ctx, answerWithin)
	generator.Stop(limit)
	cancel()

	s := &Stretch{Name: name, Rate: rate, Seconds: ended.Sub(begin).Seconds()}
	s.add(recorder.History(), r.workload.Operation)
	s.Short += generator.Stats().Dropped
	last, err := r.finish(before, s.Accepted)
	if err != nil {
		return nil, err
	}
	after, err := r.tally()
	if err != nil {
		return nil, err
	}
	s.Finished, s.Stuck = after.finished-before.finished, max(0, s.Accepted-(after.finished-before.finished))
	s.AcceptRate = float64(s.Accepted) / s.Seconds
	s.GoodRate = float64(s.Accepted-s.Stuck) / s.Seconds
	s.WorkedOff = max(0, last.Sub(ended).Seconds())
	s.FinishRate = float64(s.Finished) / max(s.Seconds, last.Sub(begin).Seconds())
	s.cost(before, after)
	r.Progress("%s: %s", name, s)
	return s, r.ctx.Err()
}

// add sorts the operations by what came of them. Visits that never came to their operation fell short.
func (s *Stretch) add(history []load.Operation, operation string) {
	var took []time.Duration
	s.Why = map[int]string{}
	for _, op := range history {
		switch {
		case op.Name != operation:
			s.Short++
			continue
		case op.Outcome == load.OK:
			s.Accepted++
			took = append(took, op.Latency())
		case op.Outcome == load.Unknown:
			s.Unknown++
		case op.Status == http.StatusServiceUnavailable || op.Status == http.StatusTooManyRequests:
			s.Refused++
		default:
			s.Failed++
		}
		s.Sent++
		if _, told := s.Why[op.Status]; !told && op.Outcome != load.OK {
			s.Why[op.Status] = op.Detail
		}
	}
	slices.Sort(took)
	s.P50MS, s.P99MS = quantile(took, 0.50), quantile(took, 0.99)
}

// quantile is of sorted durations by the nearest rank, in milliseconds; of none it is 0.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(q * float64(len(sorted)))
	return float64(sorted[min(rank, len(sorted)-1)]) / float64(time.Millisecond)
}

// finish waits until as many things are finished as were accepted, and gives when that was seen. Things whose answer got
// lost are waited for as well.
func (r *rig) finish(before tally, accepted int) (time.Time, error) {
	deadline := time.Now().Add(cmp.Or(r.Patience, usualPatience))
	for {
		begun, err := r.count(r.workload.Begun)
		if err != nil {
			return time.Time{}, err
		}
		finished, err := r.count(r.workload.Finished)
		if err != nil {
			return time.Time{}, err
		}
		now := time.Now()
		if finished-before.finished >= max(accepted, begun-before.begun) || now.After(deadline) || r.ctx.Err() != nil {
			return now, nil
		}
		pause(r.ctx, look)
	}
}

func (r *rig) tally() (t tally, err error) {
	if t.begun, err = r.count(r.workload.Begun); err != nil {
		return t, err
	}
	if t.finished, err = r.count(r.workload.Finished); err != nil {
		return t, err
	}
	if t.cpu, err = r.cell.CPU(); err != nil {
		return t, err
	}
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		return t, fmt.Errorf("read processor time: %w", err)
	}
	t.harness = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	return t, nil
}

// cost is the processor time between two tallies for each thing that was finished.
func (s *Stretch) cost(before, after tally) {
	s.ProcessCPUMS = map[string]float64{}
	if s.Finished == 0 {
		return
	}
	each := func(d time.Duration) float64 { return d.Seconds() * 1000 / float64(s.Finished) }
	for name := range after.cpu {
		spent := each(after.cpu[name] - before.cpu[name])
		s.ProcessCPUMS[name] = spent
		s.CPUMS += spent
	}
	s.HarnessCPUMS = each(after.harness - before.harness)
}

// pause lets time pass, or returns when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
