package observe

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

// Point is one value at one moment.
type Point struct {
	Time  time.Time
	Value float64
}

// Sample is one series' value at the moment of a query.
type Sample struct {
	Labels map[string]string
	Point
}

// Vector is the answer to a query at one moment, sorted by labels.
type Vector []Sample

// Series is one series' values over a range.
type Series struct {
	Labels map[string]string
	Points []Point
}

// Matrix is the answer to a query over a range, sorted by labels.
type Matrix []Series

// Exemplar is one observation kept beside a series, with the trace that it came from.
type Exemplar struct {
	Series map[string]string // labels of the series
	Labels map[string]string // labels of the exemplar itself, such as trace_id
	Point
}

// vector turns the engine's answer to an instant query into ours. A scalar is a sample without labels.
func vector(r *promql.Result) (Vector, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	switch v := r.Value.(type) {
	case promql.Scalar:
		return Vector{{Labels: map[string]string{}, Point: point(v.T, v.V)}}, nil
	case promql.Vector:
		slices.SortFunc(v, func(a, b promql.Sample) int { return labels.Compare(a.Metric, b.Metric) })
		answer := make(Vector, 0, len(v))
		for _, s := range v {
			if s.H != nil {
				return nil, fmt.Errorf("the answer holds a native histogram, %s; ask for a number", s.Metric)
			}
			answer = append(answer, Sample{Labels: s.Metric.Map(), Point: point(s.T, s.F)})
		}
		return answer, nil
	default:
		return nil, fmt.Errorf("the answer is a %s; ask for one number per series at one moment", r.Value.Type())
	}
}

// matrix turns the engine's answer to a range query into ours.
func matrix(r *promql.Result) (Matrix, error) {
	m, err := r.Matrix()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(m, func(a, b promql.Series) int { return labels.Compare(a.Metric, b.Metric) })
	answer := make(Matrix, 0, len(m))
	for _, s := range m {
		if len(s.Histograms) > 0 {
			return nil, fmt.Errorf("the answer holds a native histogram, %s; ask for a number", s.Metric)
		}
		series := Series{Labels: s.Metric.Map(), Points: make([]Point, 0, len(s.Floats))}
		for _, f := range s.Floats {
			series.Points = append(series.Points, point(f.T, f.F))
		}
		answer = append(answer, series)
	}
	return answer, nil
}

// exemplars flattens what the head found, by series and then by time.
func exemplars(found []exemplar.QueryResult) []Exemplar {
	slices.SortFunc(found, func(a, b exemplar.QueryResult) int { return labels.Compare(a.SeriesLabels, b.SeriesLabels) })
	var answer []Exemplar
	for _, f := range found {
		slices.SortStableFunc(f.Exemplars, func(a, b exemplar.Exemplar) int { return cmp.Compare(a.Ts, b.Ts) })
		for _, e := range f.Exemplars {
			answer = append(answer, Exemplar{Series: f.SeriesLabels.Map(), Labels: e.Labels.Map(), Point: point(e.Ts, e.Value)})
		}
	}
	return answer
}

func point(ms int64, value float64) Point {
	return Point{Time: time.UnixMilli(ms).UTC(), Value: value}
}
