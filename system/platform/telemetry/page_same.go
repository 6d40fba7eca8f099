package telemetry

import (
	"math"

	dto "github.com/prometheus/client_model/go"
)

// sameLabels says that two metrics of one family have the same labels. Those of one metric that is gathered twice are
// mostly the same pointers.
func sameLabels(a, b *dto.Metric) bool {
	if len(a.Label) != len(b.Label) {
		return false
	}
	for i := range a.Label {
		if a.Label[i] != b.Label[i] && (a.Label[i].GetName() != b.Label[i].GetName() || a.Label[i].GetValue() != b.Label[i].GetValue()) {
			return false
		}
	}
	return true
}

// sameValue says that two metrics with the same labels are written as the same text.
func sameValue(a, b *dto.Metric) bool {
	switch {
	case a.TimestampMs != nil || b.TimestampMs != nil:
		return false
	case a.Counter != nil && b.Counter != nil:
		return sameFloat(a.Counter.GetValue(), b.Counter.GetValue()) && sameExemplar(a.Counter.Exemplar, b.Counter.Exemplar)
	case a.Gauge != nil && b.Gauge != nil:
		return sameFloat(a.Gauge.GetValue(), b.Gauge.GetValue())
	case a.Histogram != nil && b.Histogram != nil:
		return sameHistogram(a.Histogram, b.Histogram)
	}
	return false
}

func sameHistogram(a, b *dto.Histogram) bool {
	if a.GetSampleCount() != b.GetSampleCount() || !sameFloat(a.GetSampleSum(), b.GetSampleSum()) || len(a.Bucket) != len(b.Bucket) {
		return false
	}
	for i, x := range a.Bucket {
		y := b.Bucket[i]
		if x.GetUpperBound() != y.GetUpperBound() || x.GetCumulativeCount() != y.GetCumulativeCount() || !sameExemplar(x.Exemplar, y.Exemplar) {
			return false
		}
	}
	return true
}

// sameExemplar says that two exemplars are one: the library makes a new one for each observation and changes none.
func sameExemplar(a, b *dto.Exemplar) bool { return a == b }

// sameFloat compares bits, since NaN is written too and equals nothing.
func sameFloat(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
