package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"stormglass/chaos/system"
)

// places remembers where each value and each key stands, by its path: "faults[0].link" is a value, "faults[0].link:" its
// key. With it a mistake that only the whole file shows is told as precisely as a typing error.
type places map[string]*token.Token

// reader collects mistakes, so that a file's author sees all of them at once.
type reader struct {
	file     string
	source   string
	places   places
	mistakes []error
}

func newReader(file string, source []byte) *reader {
	return &reader{file: file, source: string(source), places: places{}}
}

// tree parses the source, or notes its syntax error and returns nil.
func (r *reader) tree(source []byte) ast.Node {
	root, err := system.Document(r.file, source, "a scenario, which starts with name, claim and load")
	if err != nil {
		r.mistakes = append(r.mistakes, err)
		return nil
	}
	return root
}

// at notes a mistake at the place of a path, or of the nearest thing around it that the file does contain.
func (r *reader) at(path, format string, args ...any) {
	for path != "" && r.places[path] == nil {
		path = path[:max(0, strings.LastIndexAny(path, ".[:"))]
	}
	r.fail(r.places[path], format, args...)
}

func (r *reader) fail(at *token.Token, format string, args ...any) {
	mistake := &system.Error{File: r.file, Line: 1, Column: 1, Message: fmt.Sprintf(format, args...)}
	if at != nil && at.Position != nil {
		mistake.Line, mistake.Column = at.Position.Line, at.Position.Column
		mistake.Source = system.Excerpt(r.source, mistake.Line, mistake.Column)
	}
	r.mistakes = append(r.mistakes, mistake)
}

// err is all mistakes in the order of their places, or nil.
func (r *reader) err() error {
	slices.SortStableFunc(r.mistakes, func(a, b error) int {
		x, _ := errors.AsType[*system.Error](a)
		y, _ := errors.AsType[*system.Error](b)
		return (x.Line-y.Line)*10_000 + x.Column - y.Column
	})
	return errors.Join(r.mistakes...)
}
