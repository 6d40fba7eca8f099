package observe

import (
	"bytes"
	"fmt"

	"github.com/prometheus/prometheus/storage"
)

// Most lines of a page are, to the byte, what they were half a second ago. Such a line has the same series, the same value
// and no new exemplar, so its sample is appended without parsing it; only the rest of the page goes to the parser:
//
//	page ──▶ repeat ──unchanged lines──────────▶ append
//	           └─────p.rest──▶ parse ──samples─▶ append, remember

// repeat appends the samples of the lines that are as they were, and leaves all other lines in p.rest.
func (p *page) repeat(app storage.AppenderV2, at int64) (samples int, err error) {
	p.rest.Reset()
	p.samples = p.samples[:0]
	for line := range bytes.Lines(p.body.Bytes()) {
		s := p.lines[string(line)]
		if s == nil {
			p.rest.Write(line)
			if isSample(line) {
				p.samples = append(p.samples, line)
			}
			continue
		}
		if err := s.append(app, at, s.value, nil); err != nil {
			p.forget(s)
			return samples, fmt.Errorf("store %s: %w", s.text, err)
		}
		s.round = p.round
		samples++
	}
	return samples, nil
}

// remember links the series that were parsed with their lines, which come in the same order. Should their numbers differ, there
// is something on the page that we do not understand: then the parser gets those lines the next time too.
func (p *page) remember() {
	known := len(p.parsed) == len(p.samples)
	for i, s := range p.parsed {
		p.unlink(s)
		if line := p.samples; known && bytes.HasSuffix(line[i], []byte("\n")) && bytes.HasPrefix(line[i], []byte(s.text)) {
			s.line = string(line[i])
			p.lines[s.line] = s
		}
	}
}

// unlink forgets a series' line.
func (p *page) unlink(s *series) {
	if p.lines[s.line] == s {
		delete(p.lines, s.line)
	}
	s.line = ""
}

// isSample tells a line with a sample from comments, metadata and blank lines.
func isSample(line []byte) bool {
	line = bytes.TrimLeft(line, " \t\r\n")
	return len(line) > 0 && line[0] != '#'
}
