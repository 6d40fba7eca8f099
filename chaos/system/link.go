package system

import (
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// link reads one entry of `links` and holds it against the units; over is what a tier says instead, by the unit that answers.
func (r *reader) link(n ast.Node, over map[string]map[string]field, s *System) Link {
	var l Link
	keys := r.known(n, "a link", "client", "server", "via", "port", "env", "value", "direct")
	for _, key := range []string{"client", "server", "port", "env"} {
		if _, ok := keys[key]; !ok {
			r.fail(n.GetToken(), "a link has no %s", key)
			return l
		}
	}
	l.Client = r.oneOf(keys["client"].value, "client: it must be a unit", s.UnitNames())
	l.Server = r.text(keys["server"].value, "server")
	if via, ok := keys["via"]; ok {
		l.Via = r.oneOf(via.value, "via: it must be a unit", s.UnitNames())
		if !unitName.MatchString(l.Server) { // it stands in the link's name, in URLs and in queries
			r.fail(keys["server"].value.GetToken(), "%q is not a name for a server: expected small letters, digits and single dashes", l.Server)
		}
	} else {
		l.Server = r.oneOf(keys["server"].value, "server: it must be a unit (or name one with via)", s.UnitNames())
	}
	if r.err != nil {
		return l
	}
	target, _ := s.Unit(l.Target())
	if _, other := over[target.Name]["value"]; other {
		delete(keys, "direct") // it goes with the value
	}
	maps.Copy(keys, over[target.Name])
	l.Port = r.oneOf(keys["port"].value, "port of "+target.Name, sortedKeys(target.Ports))
	l.Env = r.text(keys["env"].value, "env")
	if f, ok := keys["value"]; ok {
		l.Value = r.template(f.value, "value", nil, "{addr}", "{first}", "{client}", "{server}")
		if !strings.Contains(l.Value, "{addr}") && !strings.Contains(l.Value, "{first}") {
			r.fail(f.value.GetToken(), "value does not say where the address goes: expected {addr} in it, or {first} where there can be only one")
		}
	}
	if f, ok := keys["direct"]; ok {
		l.Direct = r.template(f.value, "direct", nil, "{addr}", "{first}", "{client}", "{server}")
	}
	r.unique(n, l, s)
	return l
}

// unique refuses a second link between the same two, and a second meaning for one of the client's settings.
func (r *reader) unique(n ast.Node, l Link, s *System) {
	client, _ := s.Unit(l.Client)
	if _, own := client.Env[l.Env]; own || slices.Contains(values(client.Ports), l.Env) {
		r.fail(n.GetToken(), "link %s: %s is already a setting of unit %s", l, l.Env, l.Client)
	}
	for _, other := range s.Links {
		if other.Client == l.Client && other.Server == l.Server {
			r.fail(n.GetToken(), "link %s stands there twice", l)
		}
		if other.Client == l.Client && other.Env == l.Env {
			r.fail(n.GetToken(), "link %s: %s already belongs to link %s", l, l.Env, other)
		}
	}
}

// values lists a map's values.
func values(m map[string]string) []string {
	var out []string
	for _, k := range sortedKeys(m) {
		out = append(out, m[k])
	}
	return out
}
