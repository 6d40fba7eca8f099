package observe

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/prometheus/prometheus/storage"
)

// A page is mostly made of lines whose series we know and that bring nothing but another value. Those are read here; what we
// do not know, a new series or an exemplar that is new, goes to the parser together with the comments that it needs:
//
//	page ──▶ repeat ──known series, value──▶ append
//	           └──p.rest──▶ parse ──samples──▶ append, remember

// mostComments bounds how many comments of a page are remembered; a page's own are a few hundred at most.
const mostComments = 10_000

// repeat appends the samples of the lines that bring a known series a value, and leaves the other lines in p.rest.
func (p *page) repeat(app storage.AppenderV2, at int64) (samples int, err error) {
	p.rest.Reset()
	p.samples, p.fresh, p.kind = p.samples[:0], p.fresh[:0], nil
	for line := range bytes.Lines(p.body.Bytes()) {
		s, v, known := p.known(line)
		if !known {
			p.leave(line)
			continue
		}
		if err := s.append(app, at, v, nil); err != nil {
			p.forget(s)
			return samples, fmt.Errorf("store %s: %w", s.text, err)
		}
		s.round = p.round
		samples++
	}
	return samples, nil
}

// known reads a line of a series that was parsed before: its name and labels to the letter, a plain number, and behind that
// nothing, or what stood there when it was parsed the last time, such as an exemplar.
func (p *page) known(line []byte) (s *series, v float64, ok bool) {
	end := bytes.IndexByte(line, ' ')
	if open := bytes.IndexByte(line, '{'); open >= 0 && open < end {
		end = bytes.Index(line, []byte("} ")) + 1
	}
	if end <= 0 || line[len(line)-1] != '\n' {
		return nil, 0, false
	}
	if s = p.series[string(line[:end])]; s == nil {
		return nil, 0, false
	}
	number, tail := line[end+1:len(line)-1], []byte(nil)
	if space := bytes.IndexByte(number, ' '); space >= 0 {
		number, tail = number[:space], number[space:]
	}
	if len(tail) > 0 && string(tail) != s.tail {
		return nil, 0, false
	}
	v, ok = plainNumber(number)
	return s, v, ok
}

// plainNumber reads a decimal number; other words, such as NaN, are the parser's.
func plainNumber(text []byte) (float64, bool) {
	whole := len(text) > 0 && len(text) <= 15 // so many digits a float64 holds to the last one
	n := 0
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			n = 10*n + int(c-'0')
		case c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E':
			whole = false
		default:
			return 0, false
		}
	}
	if whole {
		return float64(n), true
	}
	v, err := strconv.ParseFloat(string(text), 64)
	return v, err == nil
}

// leave gives a line to the parser. Comments that it has read before are left out, but for the type of a family that a line
// is parsed of.
func (p *page) leave(line []byte) {
	switch {
	case isSample(line):
		p.rest.Write(p.kind)
		p.kind = nil
		p.samples = append(p.samples, line)
	case p.comments[string(line)]:
		if bytes.HasPrefix(line, []byte("# TYPE ")) {
			p.kind = line
		}
		return
	case bytes.HasPrefix(line, []byte("# HELP ")), bytes.HasPrefix(line, []byte("# TYPE ")):
		p.kind = nil
		p.fresh = append(p.fresh, line)
	}
	p.rest.Write(line)
}

// remember notes what was parsed without an error: comments, and what stood behind the values. Series come in the order of
// their lines; should their numbers differ, there is something on the page that we do not understand, and the parser gets it
// the next time too.
func (p *page) remember() {
	if len(p.comments)+len(p.fresh) > mostComments {
		clear(p.comments)
	}
	for _, line := range p.fresh {
		p.comments[string(line)] = true
	}
	for i, s := range p.parsed {
		s.tail = ""
		if len(p.parsed) != len(p.samples) {
			continue
		}
		if value, ok := bytes.CutPrefix(p.samples[i], []byte(s.text+" ")); ok && bytes.HasSuffix(value, []byte("\n")) {
			if space := bytes.IndexByte(value, ' '); space >= 0 {
				s.tail = string(value[space : len(value)-1])
			}
		}
	}
}

// isSample tells a line with a sample from comments, metadata and blank lines.
func isSample(line []byte) bool {
	line = bytes.TrimLeft(line, " \t\r\n")
	return len(line) > 0 && line[0] != '#'
}
