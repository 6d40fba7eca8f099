package strain

import (
	"math"
	"runtime/metrics"
	"time"
)

// schedLatencies is the Go runtime's histogram of how long goroutines were ready to run before they ran, in seconds.
const schedLatencies = "/sched/latencies:seconds"

// latencies tells how long goroutines of this process waited. It belongs to one goroutine.
type latencies struct {
	sample []metrics.Sample
	last   []uint64
}

// longest is the longest such wait since it was asked last, as the lower end of its bucket in the runtime's histogram.
func (l *latencies) longest() (most time.Duration) {
	if l.sample == nil {
		l.sample = []metrics.Sample{{Name: schedLatencies}}
	}
	metrics.Read(l.sample)
	if l.sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return 0 // a runtime that does not know it
	}
	histogram := l.sample[0].Value.Float64Histogram()
	for i, n := range histogram.Counts {
		if i < len(l.last) && n > l.last[i] && !math.IsInf(histogram.Buckets[i], 0) {
			most = time.Duration(histogram.Buckets[i] * float64(time.Second))
		}
	}
	l.last = append(l.last[:0], histogram.Counts...)
	return most
}
