package system

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/printer"
	"github.com/goccy/go-yaml/token"
)

// Error is one mistake in a file, with its place.
type Error struct {
	File         string
	Line, Column int // both count from 1
	Message      string
	Source       string // the lines around the place, with a mark
}

// Error gives file:line:column: message, and the source below it.
func (e *Error) Error() string {
	out := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
	if e.Source != "" {
		out += "\n" + e.Source
	}
	return out
}

// reader walks a YAML tree and keeps the first mistake that it meets; after that, what it reads is of no consequence.
type reader struct {
	file   string
	within string // the part of the file's meaning that is read now, at the beginning of a message
	err    *Error
}

// field is one entry of a mapping: where its key stands, and its value.
type field struct {
	name  string
	key   *token.Token
	value ast.Node
}

// fail records a mistake at a place, unless there was one before.
func (r *reader) fail(at *token.Token, format string, args ...any) {
	if r.err != nil {
		return
	}
	r.err = &Error{File: r.file, Line: 1, Column: 1, Message: r.within + fmt.Sprintf(format, args...)}
	if at != nil && at.Position != nil {
		var p printer.Printer
		r.err.Line, r.err.Column = at.Position.Line, at.Position.Column
		r.err.Source = strings.TrimRight(p.PrintErrorToken(at, false), "\n")
	}
}

// mapping reads the entries of a mapping in file order.
func (r *reader) mapping(n ast.Node, what string) []field {
	m, ok := n.(ast.MapNode)
	if !ok {
		r.fail(n.GetToken(), "expected %s as a mapping (key: value), got %s", what, describe(n))
		return nil
	}
	var out []field
	for it := m.MapRange(); it.Next(); {
		out = append(out, field{name: it.Key().GetToken().Value, key: it.Key().GetToken(), value: it.Value()})
	}
	return out
}

// known reads a mapping that may have only these keys, by name.
func (r *reader) known(n ast.Node, what string, keys ...string) map[string]field {
	out := map[string]field{}
	for _, f := range r.mapping(n, what) {
		if !slices.Contains(keys, f.name) {
			r.fail(f.key, "unknown key %q in %s%s", f.name, what, Hint(f.name, keys))
		}
		out[f.name] = f
	}
	return out
}

// list reads the entries of a sequence.
func (r *reader) list(n ast.Node, what string) []ast.Node {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fail(n.GetToken(), "expected %s as a list, got %s", what, describe(n))
		return nil
	}
	return s.Values
}

// text reads a scalar as it is written; nothing at all is a mistake.
func (r *reader) text(n ast.Node, what string) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	if s, ok := n.(*ast.LiteralNode); ok {
		return s.Value.Value
	}
	_, scalar := n.(ast.ScalarNode)
	if _, null := n.(*ast.NullNode); null || !scalar {
		r.fail(n.GetToken(), "expected %s as a text, got %s", what, describe(n))
		return ""
	}
	return n.GetToken().Value
}

// texts reads a list of texts.
func (r *reader) texts(n ast.Node, what string) []string {
	var out []string
	for _, v := range r.list(n, what) {
		out = append(out, r.text(v, what))
	}
	return out
}

// table reads a mapping from text to text.
func (r *reader) table(n ast.Node, what string) map[string]string {
	out := map[string]string{}
	for _, f := range r.mapping(n, what) {
		out[f.name] = r.text(f.value, what+"."+f.name)
	}
	return out
}

// describe names a node's shape in a reader's words.
func describe(n ast.Node) string {
	switch n.(type) {
	case ast.MapNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	default:
		return fmt.Sprintf("%q", n.GetToken().Value)
	}
}
