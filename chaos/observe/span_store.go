package observe

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"sync"
	"time"
)

// spans keeps spans by trace, and writes each to a file as one line of JSON when there is one to write to.
type spans struct {
	mu      sync.RWMutex
	byTrace map[string][]Span
	seen    map[spanKey]bool
	file    *os.File // nil when reading a recording, and after close
	out     *bufio.Writer
	err     error // the first one that writing met
}

// spanKey tells spans apart. Exporters send a batch again when they did not hear the answer to the first one. Some
// legacy clients give the two sides of a call one id, so the service and kind belong to the key.
type spanKey struct {
	trace, span, service, kind string
}

func keyOf(s Span) spanKey { return spanKey{s.TraceID, s.SpanID, s.Service, s.Kind} }

func newSpans() *spans {
	return &spans{byTrace: make(map[string][]Span), seen: make(map[spanKey]bool)}
}

// createSpans starts a recording in a new file.
func createSpans(path string) (*spans, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fmt.Errorf("create traces: %w", err)
	}
	s := newSpans()
	s.file, s.out = file, bufio.NewWriterSize(file, 1<<16)
	return s, nil
}

// openSpans reads a recording.
func openSpans(path string) (*spans, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open traces: %w", err)
	}
	defer file.Close()
	s := newSpans()
	lines := json.NewDecoder(bufio.NewReaderSize(file, 1<<16))
	for n := 1; ; n++ {
		var span Span
		err := lines.Decode(&span)
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read span %d of %s: %w", n, path, err)
		}
		s.add(span)
	}
}

// add keeps spans that are new.
func (s *spans) add(batch ...Span) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, span := range batch {
		key := keyOf(span)
		if s.seen[key] {
			continue
		}
		s.seen[key] = true
		s.byTrace[span.TraceID] = append(s.byTrace[span.TraceID], span)
		s.write(span)
	}
}

func (s *spans) write(span Span) {
	if s.file == nil || s.err != nil {
		return
	}
	line, err := json.Marshal(span)
	if err == nil {
		_, err = s.out.Write(append(line, '\n'))
	}
	s.err = err
}

// Trace implements [Traces].
func (s *spans) Trace(id string) []Span {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return sorted(s.byTrace[id])
}

// Traces implements [Traces]. It iterates over the traces known when it was called.
func (s *spans) Traces() iter.Seq2[string, []Span] {
	type entry struct {
		id    string
		start time.Time
	}
	s.mu.RLock()
	order := make([]entry, 0, len(s.byTrace))
	for id, members := range s.byTrace {
		first := slices.MinFunc(members, func(a, b Span) int { return a.Start.Compare(b.Start) })
		order = append(order, entry{id, first.Start})
	}
	s.mu.RUnlock()
	slices.SortFunc(order, func(a, b entry) int { return cmp.Or(a.start.Compare(b.start), cmp.Compare(a.id, b.id)) })
	return func(yield func(string, []Span) bool) {
		for _, e := range order {
			if !yield(e.id, s.Trace(e.id)) {
				return
			}
		}
	}
}

// forget drops the traces that ended before a moment.
func (s *spans) forget(before time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, members := range s.byTrace {
		if slices.ContainsFunc(members, func(span Span) bool { return !span.End.Before(before) }) {
			continue
		}
		for _, span := range members {
			delete(s.seen, keyOf(span))
		}
		delete(s.byTrace, id)
	}
}

// close completes the file.
func (s *spans) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	err := errors.Join(s.err, s.out.Flush(), s.file.Close())
	s.file = nil
	if err != nil {
		return fmt.Errorf("write traces: %w", err)
	}
	return nil
}

// sorted returns a copy by start; parents come before children that started in the same nanosecond only by luck.
func sorted(members []Span) []Span {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b Span) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.SpanID, b.SpanID), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Kind, b.Kind))
	})
	return members
}
