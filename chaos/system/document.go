package system

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// byteOrderMark may begin a YAML file (YAML 1.2.2, 5.2).
const byteOrderMark = "\ufeff"

// YAMLFiles lists the YAML files of a folder in the order of their names.
func YAMLFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		if !entry.IsDir() && IsYAML(entry.Name()) {
			files = append(files, filepath.Join(dir, entry.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no .yaml or .yml file", dir)
	}
	return files, nil
}

// IsYAML says whether a name is that of a YAML file.
func IsYAML(name string) bool {
	return slices.Contains([]string{".yaml", ".yml"}, strings.ToLower(filepath.Ext(name)))
}

// Document parses a file that holds one YAML document and nothing else; a mistake is an *Error. The path serves the messages, and so
// does expected, which says what a document begins with. (The library's own readers stop at the end of the first document, and
// its parser drops whatever follows two separators in a row.)
func Document(path string, source []byte, expected string) (ast.Node, error) {
	source = bytes.TrimPrefix(source, []byte(byteOrderMark))
	fail := func(line, column int, format string, args ...any) (ast.Node, error) {
		return nil, &Error{File: path, Line: line, Column: column, Message: fmt.Sprintf(format, args...), Source: Excerpt(string(source), line, column)}
	}
	if bytes.HasPrefix(source, []byte("\xff\xfe")) || bytes.HasPrefix(source, []byte("\xfe\xff")) || bytes.IndexByte(source, 0) >= 0 {
		return nil, &Error{File: path, Line: 1, Column: 1, Message: "the file looks like UTF-16 or is no text: save it as UTF-8"}
	}
	if line, column, ok := invalidUTF8(source); ok {
		return fail(line, column, "this is not UTF-8: save the file as UTF-8")
	}
	tokens := lexer.Tokenize(string(source))
	if second := secondDocument(tokens); second != nil {
		return fail(second.Position.Line, second.Position.Column,
			"a second document begins here, and a file holds one: put what follows into a file of its own, or remove it")
	}
	tree, err := parser.Parse(tokens, 0)
	if syntax, ok := errors.AsType[yaml.Error](err); ok {
		at := syntax.GetToken().Position
		return fail(at.Line, at.Column, "%s", syntax.GetMessage())
	}
	if err != nil {
		return fail(1, 1, "%v", err)
	}
	for _, document := range tree.Docs {
		if _, directive := document.Body.(*ast.DirectiveNode); document.Body != nil && !directive {
			return document.Body, nil
		}
	}
	return nil, &Error{File: path, Line: 1, Column: 1, Message: "the file is empty, or has nothing but comments: expected " + expected}
}

// secondDocument finds what begins a second document: a separator behind the first one or behind content, or content behind the
// end of the first document.
func secondDocument(tokens token.Tokens) *token.Token {
	begun, ended := false, false
	for _, t := range tokens {
		switch t.Type {
		case token.CommentType:
		case token.DocumentEndType:
			ended = true
		case token.DirectiveType, token.DocumentHeaderType:
			if begun || ended {
				return t
			}
			begun = t.Type == token.DocumentHeaderType
		default:
			if ended {
				return t
			}
			begun = begun || !ofDirective(t)
		}
	}
	return nil
}

// ofDirective says whether a token is one of a directive's words.
func ofDirective(t *token.Token) bool {
	for before := t.Prev; before != nil && before.Position.Line == t.Position.Line; before = before.Prev {
		if before.Type == token.DirectiveType {
			return true
		}
	}
	return false
}

// invalidUTF8 finds the first byte that is not of UTF-8 text.
func invalidUTF8(source []byte) (line, column int, found bool) {
	line = 1
	for text := range bytes.Lines(source) {
		for i, column := 0, 1; i < len(text); column++ {
			r, size := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && size == 1 {
				return line, column, true
			}
			i += size
		}
		line++
	}
	return 0, 0, false
}

// Excerpt is one line of a file with a mark below a column of it, or "" where there is no such line.
func Excerpt(source string, line, column int) string {
	lines := strings.Split(strings.TrimPrefix(source, byteOrderMark), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	text := strings.ReplaceAll(strings.ToValidUTF8(strings.TrimSuffix(lines[line-1], "\r"), "\ufffd"), "\t", " ")
	margin := fmt.Sprintf("%5d | ", line)
	return margin + text + "\n" + strings.Repeat(" ", len(margin)-2) + "| " + strings.Repeat(" ", max(0, column-1)) + "^"
}
