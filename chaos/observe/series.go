package observe

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// series is one line of a page.
type series struct {
	text   string // name and labels, as on the page
	ref    storage.SeriesRef
	labels labels.Labels
	round  int    // in which it was seen last
	tail   string // what stood behind the value when the line was parsed the last time, such as an exemplar
	// newest is the exemplar that the line carried the last time. It stays on the page until another observation takes
	// its place, and to show it to the head each time would cost more than the sample itself.
	newest exemplar.Exemplar
}

// store appends the page's samples with their exemplars and returns how many samples there were.
func (p *page) store(app storage.AppenderV2, at int64, contentType string) (samples int, err error) {
	repeated, err := p.repeat(app, at)
	if err != nil {
		return repeated, err
	}
	parser, err := textparse.New(p.rest.Bytes(), contentType, labels.NewSymbolTable(), textparse.ParserOptions{FallbackContentType: "text/plain"})
	if parser == nil {
		return repeated, fmt.Errorf("parse page: %w", err)
	}
	err = p.parse(app, at, parser)
	if err == nil {
		p.remember()
	}
	return repeated + len(p.parsed), err
}

// parse appends the samples of the lines that the parser is needed for and notes their series in p.parsed.
func (p *page) parse(app storage.AppenderV2, at int64, parser textparse.Parser) error {
	var kept []exemplar.Exemplar
	p.parsed = p.parsed[:0]
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("parse page: %w", err)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		text, _, v := parser.Series()
		s := p.find(text, parser)
		kept = s.exemplars(parser, kept[:0], at)
		if err := s.append(app, at, v, kept); err != nil {
			p.forget(s) // what could not be stored cannot go stale either
			return fmt.Errorf("store %s: %w", text, err)
		}
		s.round = p.round
		p.parsed = append(p.parsed, s)
	}
}

// find returns the series that a line of the page is about.
func (p *page) find(text []byte, parser textparse.Parser) *series {
	if s := p.series[string(text)]; s != nil {
		return s
	}
	var exposed labels.Labels
	parser.Labels(&exposed)
	s := &series{text: string(text), labels: p.label(exposed)}
	p.series[s.text] = s
	return s
}

// label adds the target's own labels; a label of the same name that the page had keeps its value as exported_NAME.
func (p *page) label(exposed labels.Labels) labels.Labels {
	b := labels.NewBuilder(exposed)
	for name, v := range map[string]string{model.InstanceLabel: p.target.Instance, model.JobLabel: p.target.Job} {
		if old := exposed.Get(name); old != "" {
			b.Set(model.ExportedLabelPrefix+name, old)
		}
		b.Set(name, v)
	}
	return b.Labels()
}

// exemplars reads those of the current line that it did not carry the last time.
func (s *series) exemplars(parser textparse.Parser, into []exemplar.Exemplar, at int64) []exemplar.Exemplar {
	for {
		var e exemplar.Exemplar
		if !parser.Exemplar(&e) {
			return into
		}
		if e.Equals(s.newest) {
			continue
		}
		s.newest = e
		if !e.HasTs {
			e.Ts = at
		}
		into = append(into, e)
	}
}

func (s *series) append(app storage.AppenderV2, at int64, v float64, kept []exemplar.Exemplar) error {
	ref, err := app.Append(s.ref, s.labels, 0, at, v, nil, nil, storage.AOptions{Exemplars: kept})
	if ref != 0 {
		s.ref = ref
	}
	if errors.Is(err, &storage.AppendPartialError{}) {
		return nil // the sample is stored, only an exemplar came out of order
	}
	return err
}

// expire marks the series that this round did not bring as stale, once.
func (p *page) expire(app storage.AppenderV2, at int64) {
	for _, s := range p.series {
		if s.round != p.round {
			p.check(s.append(app, at, math.Float64frombits(value.StaleNaN), nil))
			p.forget(s)
		}
	}
}

func (p *page) forget(s *series) { delete(p.series, s.text) }
