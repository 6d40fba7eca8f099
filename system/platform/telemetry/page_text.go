package telemetry

import (
	"bytes"
	"math"
	"strconv"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// metricText is one metric and the text that it was written as. What stands before each value is kept too, so that a new
// value needs no new look at names and labels.
type metricText struct {
	metric    *dto.Metric
	text      []byte
	prefixes  [][]byte // of each line, with the blank before the value; nil until the metric changes
	exemplars []exemplarText
}

// exemplarText is what stands behind the value of a bucket.
type exemplarText struct {
	of   *dto.Exemplar
	text []byte
}

// newMetricText writes a metric by the library.
func newMetricText(family *dto.MetricFamily, m *dto.Metric) (*metricText, error) {
	text, err := samples(family, m)
	return &metricText{metric: m, text: text}, err
}

// renew writes a metric that has changed.
func (t *metricText) renew(family *dto.MetricFamily, m *dto.Metric) (err error) {
	t.metric = m
	if m.TimestampMs != nil || m.Gauge == nil && (m.Counter == nil || m.Counter.Exemplar != nil) && m.Histogram == nil {
		t.text, err = samples(family, m)
		return err
	}
	if t.prefixes == nil {
		if t.prefixes, err = prefixes(family, m); err != nil {
			return err
		}
	}
	switch {
	case m.Gauge != nil:
		t.text = append(appendFloat(append(t.text[:0], t.prefixes[0]...), m.Gauge.GetValue()), '\n')
	case m.Counter != nil:
		t.text = append(appendFloat(append(t.text[:0], t.prefixes[0]...), m.Counter.GetValue()), '\n')
	default:
		err = t.histogram(m.Histogram)
	}
	return err
}

// histogram writes the buckets, with one for +Inf whether or not it is among them, the sum and the count.
func (t *metricText) histogram(h *dto.Histogram) error {
	bounds := len(t.prefixes) - 2
	if t.exemplars == nil {
		t.exemplars = make([]exemplarText, bounds)
	}
	b := t.text[:0]
	for i := range bounds {
		b = append(b, t.prefixes[i]...)
		if i == len(h.Bucket) {
			b = append(strconv.AppendUint(b, h.GetSampleCount(), 10), '\n')
			break
		}
		exemplar, err := t.exemplars[i].write(h.Bucket[i].Exemplar)
		if err != nil {
			return err
		}
		b = append(append(strconv.AppendUint(b, h.Bucket[i].GetCumulativeCount(), 10), exemplar...), '\n')
	}
	b = append(appendFloat(append(b, t.prefixes[bounds]...), h.GetSampleSum()), '\n')
	t.text = append(strconv.AppendUint(append(b, t.prefixes[bounds+1]...), h.GetSampleCount(), 10), '\n')
	return nil
}

// write gives the text of an exemplar: the library's, behind a counter of ours.
func (t *exemplarText) write(e *dto.Exemplar) ([]byte, error) {
	if sameExemplar(t.of, e) {
		return t.text, nil
	}
	t.of, t.text = e, nil
	if e == nil {
		return nil, nil
	}
	text, err := samples(&dto.MetricFamily{Name: new("x_total"), Type: dto.MetricType_COUNTER.Enum()}, &dto.Metric{Counter: &dto.Counter{Value: new(0.), Exemplar: e}})
	t.text = bytes.TrimSuffix(bytes.TrimPrefix(text, []byte("x_total 0.0")), []byte("\n"))
	return t.text, err
}

// prefixes are what the library writes before each value of a metric.
func prefixes(family *dto.MetricFamily, m *dto.Metric) (list [][]byte, err error) {
	bare := &dto.Metric{Label: m.Label, Counter: m.Counter, Gauge: m.Gauge}
	if h := m.Histogram; h != nil {
		bare.Histogram = &dto.Histogram{SampleCount: h.SampleCount, SampleSum: h.SampleSum}
		for _, b := range h.Bucket {
			bare.Histogram.Bucket = append(bare.Histogram.Bucket, &dto.Bucket{UpperBound: b.UpperBound, CumulativeCount: b.CumulativeCount})
		}
	}
	text, err := samples(family, bare)
	for line := range bytes.Lines(text) {
		list = append(list, line[:bytes.LastIndexByte(line, ' ')+1])
	}
	return list, err
}

// samples writes the lines of one metric by the library, without the comment that names the family's type.
func samples(family *dto.MetricFamily, m *dto.Metric) ([]byte, error) {
	var text bytes.Buffer
	_, err := expfmt.MetricFamilyToOpenMetrics(&text, &dto.MetricFamily{Name: family.Name, Type: family.Type, Metric: []*dto.Metric{m}})
	_, lines, _ := bytes.Cut(text.Bytes(), []byte("\n"))
	return lines, err
}

// appendFloat writes a number as the library does: in the shortest form, and never like a whole number.
func appendFloat(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, "+Inf"...)
	case math.IsInf(f, -1):
		return append(b, "-Inf"...)
	case f == 0: // a negative zero too
		return append(b, "0.0"...)
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'g', -1, 64)
	if !bytes.ContainsAny(b[start:], "e.") {
		b = append(b, ".0"...)
	}
	return b
}
