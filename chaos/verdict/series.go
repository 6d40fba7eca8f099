package verdict

import (
	"fmt"
	"strings"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
)

// resolution is how finely a series is looked at. Samples come every 500 ms, so what is measured with a series is when
// something was seen, up to one scrape after it happened.
const resolution = 50 * time.Millisecond

// series asks one of the system's short forms over a stretch of the run. Every placeholder is one word and its value, as
// for strings.NewReplacer.
func (q query) series(form string, from, to time.Time, placeholders ...string) ([]observe.Point, error) {
	template := q.Run.Telemetry[form]
	if template == "" {
		return nil, fmt.Errorf("ask %s: the system's telemetry does not say how", form)
	}
	expression := strings.NewReplacer(placeholders...).Replace(template)
	matrix, err := q.Metrics.QueryRange(q.ctx, expression, from, to, resolution)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", form, err)
	}
	if len(matrix) == 0 {
		return nil, nil
	}
	if len(matrix) > 1 {
		return nil, fmt.Errorf("ask %s: %s answers %d series and must answer one", form, expression, len(matrix))
	}
	return matrix[0].Points, nil
}

// faults is the stretch from the first fault's start to the last one's end, and the end of all that was recorded in
// phases, which is now while the run is on.
func (q query) faults() (evidence.Phase, time.Time) {
	fault, _ := q.Run.Phase(evidence.Fault)
	end := fault.End
	for _, name := range []string{evidence.Recover, evidence.Drain} {
		if p, ok := q.Run.Phase(name); ok && p.End.After(end) {
			end = p.End
		}
	}
	return fault, end
}

// seconds is how long after start t was, rounded for people.
func seconds(start, t time.Time) string { return t.Sub(start).Round(10 * time.Millisecond).String() }
