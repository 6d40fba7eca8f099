package system

import (
	"maps"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

var (
	unitName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	numbered = regexp.MustCompile(`-[0-9]+$`)
)

// unit reads one entry of `units`; over is what a tier says instead.
func (r *reader) unit(f field, over map[string]field, s *System) Unit {
	u := Unit{Name: f.name, Env: map[string]string{}}
	if !unitName.MatchString(f.name) || numbered.MatchString(f.name) {
		r.fail(f.key, "%s is not a name for a unit: expected small letters, digits and single dashes, and no number "+
			"at the end, since name-1 is its first instance", f.name)
	}
	keys := r.known(f.value, "unit "+f.name, "kind", "command", "ports", "ready", "public", "books", "env")
	maps.Copy(keys, over)
	for _, key := range []string{"kind", "command", "ports", "ready"} {
		if _, ok := keys[key]; !ok {
			r.fail(f.key, "unit %s has no %s", f.name, key)
			return u
		}
	}
	u.Kind = r.oneOf(keys["kind"].value, "kind", Kinds())
	u.Command = r.command(keys["command"].value, s.Programs)
	u.Ports = r.table(keys["ports"].value, "ports")
	u.Ready = r.ownPort(keys["ready"], u)
	u.Public = r.ownPort(keys["public"], u)
	u.Books = r.ownPort(keys["books"], u)
	if env, ok := keys["env"]; ok {
		u.Env = r.settings(env.value, "env", u.Ports)
	}
	if twin := s.public(); u.Public != "" && twin != "" {
		r.fail(keys["public"].key, "only one unit can be public, and %s is", twin)
	}
	return u
}

// public names the unit that is public so far.
func (s *System) public() string {
	for _, u := range s.Units {
		if u.Public != "" {
			return u.Name
		}
	}
	return ""
}

// command reads a program and its arguments.
func (r *reader) command(n ast.Node, programs []string) []string {
	words := r.texts(n, "command")
	if len(words) == 0 {
		r.fail(n.GetToken(), "expected command as [program, arguments…]")
		return nil
	}
	if !slices.Contains(programs, words[0]) {
		r.fail(r.list(n, "command")[0].GetToken(), "%q is not one of the programs%s", words[0], Hint(words[0], programs))
	}
	return words
}

// ownPort reads the name of one of the unit's ports; a key that is not there names none.
func (r *reader) ownPort(f field, u Unit) string {
	if f.value == nil {
		return ""
	}
	return r.oneOf(f.value, f.name, sortedKeys(u.Ports))
}

// oneOf reads a word that must be one of a few.
func (r *reader) oneOf(n ast.Node, what string, words []string) string {
	word := r.text(n, what)
	if !slices.Contains(words, word) {
		r.fail(n.GetToken(), "%q is not a valid %s%s", word, what, Hint(word, words))
	}
	return word
}

// placeholder matches {words} in a value.
var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// settings reads settings whose values may hold placeholders.
func (r *reader) settings(n ast.Node, what string, ports map[string]string) map[string]string {
	out := map[string]string{}
	for _, f := range r.mapping(n, what) {
		out[f.name] = r.template(f.value, what+"."+f.name, ports)
	}
	return out
}

// template reads a value and checks the placeholders in it against those that this place may use: the ones that every
// setting knows, the unit's own ports, and any extra ones.
func (r *reader) template(n ast.Node, what string, ports map[string]string, extra ...string) string {
	value := r.text(n, what)
	valid := append([]string{"{data}", "{instance}", "{otlp}", "{jaeger}"}, extra...)
	for _, p := range sortedKeys(ports) {
		valid = append(valid, "{port."+p+"}")
	}
	for _, p := range placeholder.FindAllString(value, -1) {
		if !slices.Contains(valid, p) {
			r.fail(n.GetToken(), "%s is not a placeholder of %s%s", p, what, Hint(p, valid))
		}
	}
	return value
}
