package observe

import "time"

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
