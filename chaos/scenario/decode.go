package scenario

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"stormglass/chaos/system"
)

// decode reads a node into a Go value by the value's type, notes where everything stands, and takes nothing that the
// type does not name. (The library's own strict decoding loses the place of a wrong duration, stops at the first
// mistake, and names Go types where an author needs an example.)
func (r *reader) decode(n ast.Node, path string, into reflect.Value) {
	r.places[path] = n.GetToken()
	if _, null := n.(*ast.NullNode); null {
		r.fail(n.GetToken(), "%s has no value: expected %s", last(path), want(into.Type()))
		return
	}
	if text, ok := into.Addr().Interface().(encoding.TextUnmarshaler); ok {
		r.scalar(n, path, into, text.UnmarshalText)
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		r.decode(n, path, into.Elem())
	case reflect.Struct:
		r.structure(n, path, into)
	case reflect.Map:
		r.mapping(n, path, into)
	case reflect.Slice:
		r.list(n, path, into)
	default:
		r.scalar(n, path, into, func(text []byte) error { return parse(string(text), into) })
	}
}

// structure reads a mapping whose keys are the struct's tags, or a scalar that stands for the field tagged "short".
func (r *reader) structure(n ast.Node, path string, into reflect.Value) {
	fields, names := map[string]reflect.Value{}, []string{}
	for i := range into.NumField() {
		name, option, _ := strings.Cut(into.Type().Field(i).Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		fields[name], names = into.Field(i), append(names, name)
		if _, scalar := n.(ast.ScalarNode); scalar && option == "short" {
			r.decode(n, path, into.Field(i))
			return
		}
	}
	for key, value := range r.entries(n, path, into.Type()) {
		if field, ok := fields[key]; ok {
			r.decode(value, join(path, key), field)
		} else {
			r.at(join(path, key)+":", "unknown key %q%s%s", key, inside(path), system.Hint(key, names))
		}
	}
}

func (r *reader) mapping(n ast.Node, path string, into reflect.Value) {
	into.Set(reflect.MakeMap(into.Type()))
	for key, node := range r.entries(n, path, into.Type()) {
		value := reflect.New(into.Type().Elem()).Elem()
		r.decode(node, join(path, key), value)
		into.SetMapIndex(reflect.ValueOf(key), value)
	}
}

func (r *reader) list(n ast.Node, path string, into reflect.Value) {
	nodes, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fail(n.GetToken(), "%s: expected a list, such as [{…}, {…}] or lines that begin with -", last(path))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(nodes.Values), len(nodes.Values)))
	for i, node := range nodes.Values {
		r.decode(node, fmt.Sprintf("%s[%d]", path, i), into.Index(i))
	}
}

// entries yields the keys and values of a mapping in the order of the file.
func (r *reader) entries(n ast.Node, path string, t reflect.Type) func(func(string, ast.Node) bool) {
	return func(yield func(string, ast.Node) bool) {
		m, ok := n.(ast.MapNode)
		if !ok {
			r.fail(n.GetToken(), "%s: expected %s, got %s", last(path), want(t), n.GetToken().Value)
			return
		}
		for it := m.MapRange(); it.Next(); {
			key := it.Key().GetToken()
			r.places[join(path, key.Value)+":"] = key
			if !yield(key.Value, it.Value()) {
				return
			}
		}
	}
}

func (r *reader) scalar(n ast.Node, path string, into reflect.Value, set func([]byte) error) {
	text, ok := scalarText(n)
	if !ok {
		r.fail(n.GetToken(), "%s: expected %s", last(path), want(into.Type()))
		return
	}
	if err := set([]byte(text)); err != nil {
		r.fail(n.GetToken(), "%s: %v", last(path), err)
	}
}

func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), true
	case ast.ScalarNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// parse reads a text into a string, a duration or a number.
func parse(text string, into reflect.Value) error {
	expected := fmt.Errorf("expected %s, got %q", want(into.Type()), text)
	if into.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return expected
		}
		into.SetInt(int64(d))
		return nil
	}
	switch into.Kind() {
	case reflect.String:
		into.SetString(text)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return expected
		}
		into.SetBool(text == "true")
	case reflect.Int:
		i, err := strconv.Atoi(text)
		if err != nil || i < 0 {
			return expected
		}
		into.SetInt(int64(i))
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f != f {
			return expected
		}
		into.SetFloat(f)
	default:
		return fmt.Errorf("read %s: the format has no such type", into.Type())
	}
	return nil
}

// want says what a type looks like in a file.
func want(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration such as 500ms or 6s"
	case t.Kind() == reflect.Pointer:
		return want(t.Elem())
	case t.Kind() == reflect.String:
		return "a text"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "a whole number"
	case t.Kind() == reflect.Float64:
		return "a number"
	case t.Kind() == reflect.Slice:
		return "a list"
	}
	return "entries of the form key: value"
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// last is the key at the end of a path.
func last(path string) string {
	if path == "" {
		return "scenario"
	}
	return path[strings.LastIndexByte(path, '.')+1:]
}

func inside(path string) string {
	if path == "" {
		return ""
	}
	return " in " + last(path)
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
