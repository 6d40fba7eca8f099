package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"stormglass/chaos/system"
)

// places remembers where each value and each key stands, by its path: "faults[0].link" is a value, "faults[0].link:" its
// key. With it a mistake that only the whole file shows is told as precisely as a typing error.
type places map[string]*token.Token

// reader collects mistakes, so that a file's author sees all of them at once.
type reader struct {
	file     string
	lines    []string
	places   places
	mistakes []error
}

func newReader(file string, source []byte) *reader {
	return &reader{file: file, lines: strings.Split(string(source), "\n"), places: places{}}
}

// tree parses the source, or notes its syntax error and returns nil.
func (r *reader) tree(source []byte) ast.Node {
	file, err := parser.ParseBytes(source, 0)
	if syntax, ok := errors.AsType[yaml.Error](err); ok {
		r.fail(syntax.GetToken(), "%s", syntax.GetMessage())
		return nil
	}
	if err != nil {
		r.fail(nil, "%v", err)
		return nil
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		r.fail(nil, "the file is empty; a scenario starts with name, claim and load")
		return nil
	}
	return file.Docs[0].Body
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
		mistake.Source = r.excerpt(at.Position)
	}
	r.mistakes = append(r.mistakes, mistake)
}

// excerpt is the line in question with a mark below the place.
func (r *reader) excerpt(at *token.Position) string {
	if at.Line < 1 || at.Line > len(r.lines) {
		return ""
	}
	line := strings.ReplaceAll(r.lines[at.Line-1], "\t", " ")
	margin := fmt.Sprintf("%5d | ", at.Line)
	return margin + line + "\n" + strings.Repeat(" ", len(margin)-2) + "| " + strings.Repeat(" ", max(0, at.Column-1)) + "^"
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
