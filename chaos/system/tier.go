package system

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// Embedded is the tier that a file's own units and links make up. Those under `tiers` say what is different in theirs.
const Embedded = "embedded"

// tier is one entry of `tiers`: the keys that stand in the place of the file's own.
type tier struct {
	units   map[string]map[string]field // by the unit's name
	links   map[string]map[string]field // by the unit that answers on them
	moments map[string]map[string]field // by the moment's name
}

// In gives the same system in one of its tiers.
func (s *System) In(tier string) (*System, error) {
	for _, other := range s.tiers {
		if other.Tier == tier {
			return other, nil
		}
	}
	return nil, fmt.Errorf("find tier: %q is not a tier of %s%s", tier, s.Name, Hint(tier, s.Tiers()))
}

// Tiers lists the names of the system's tiers, the embedded one first.
func (s *System) Tiers() []string {
	var out []string
	for _, other := range s.tiers {
		out = append(out, other.Tier)
	}
	return out
}

// tier reads one entry of `tiers` and makes the system that it describes. What has no place in the entry itself, such as a link
// to a port that its unit no longer has, is told where it stands.
func (r *reader) tier(f field, top map[string]field, base *System) *System {
	s := *base
	s.Tier, s.Units, s.Links, s.Moments = f.name, nil, nil, nil
	if slices.Contains(base.Tiers(), f.name) {
		r.fail(f.key, "tier %s stands there twice: %s is what the file itself describes", f.name, Embedded)
	}
	var over tier
	keys := r.known(f.value, "tier "+f.name, "check", "units", "links", "moments")
	if check, ok := keys["check"]; ok {
		s.Check = r.command(check.value, s.Programs)
	}
	over.units = r.overrides(keys["units"].value, "unit", base.UnitNames(), "command", "ports", "ready", "env")
	over.links = r.overrides(keys["links"].value, "unit", base.UnitNames(), "port", "value", "direct")
	over.moments = r.overrides(keys["moments"].value, "moment", base.MomentNames(), "request", "response", "after")
	r.within = "in tier " + f.name + ": "
	r.parts(top, over, &s)
	r.within = ""
	return &s
}

// overrides reads a mapping from names that are known to keys that may be said again.
func (r *reader) overrides(n ast.Node, what string, names []string, keys ...string) map[string]map[string]field {
	out := map[string]map[string]field{}
	if n == nil {
		return out
	}
	for _, f := range r.mapping(n, what+"s") {
		if !slices.Contains(names, f.name) {
			r.fail(f.key, "%q is not a %s%s", f.name, what, Hint(f.name, names))
		}
		out[f.name] = r.known(f.value, what+" "+f.name+" of a tier", keys...)
	}
	return out
}
