package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"stormglass/chaos/fault"
	"stormglass/chaos/system"
)

// grammar checks what can be said of a file without knowing the system.
func (r *reader) grammar(s *Scenario) {
	if !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(s.Name) {
		r.at("name", "name: expected words of small letters and digits joined by -, got %q", s.Name)
	}
	r.required("claim", s.Claim != "", "one sentence that says what must be true")
	r.required("load.shoppers", s.Load.Shoppers != "", "the kind of shopper that comes")
	r.required("load.rate", r.places["load.rate"] != nil, "visits per second such as 20/s")
	r.required("steady", s.Steady.For > 0, "how long the baseline lasts, such as 4s")
	if !slices.Contains(Verdicts(), s.Verdict) {
		r.at("verdict", "verdict: expected PASS, FAIL, INCONCLUSIVE or INVALID, got %q", s.Verdict)
	}
	r.reason(s)
	for unit, n := range s.Instances {
		if n < 1 {
			r.at("instances."+unit, "instances of %s: expected at least 1", unit)
		}
	}
	for i, f := range s.Faults {
		r.fault(fmt.Sprintf("faults[%d]", i), f)
	}
	r.capacity(s.Faults)
	r.expectations("steady.expect", s.Steady.Expect, s)
	r.expectations("expect.during", s.Expect.During, s)
	r.expectations("expect.after", s.Expect.After, s)
}

func (r *reader) required(path string, ok bool, what string) {
	if !ok {
		r.at(path, "%s is missing: expected %s", path, what)
	}
}

// fault checks one entry of faults against the kinds of fault that there are. What a kind does not take is told at its
// key, and everything else as the kind itself tells it.
func (r *reader) fault(path string, f fault.Spec) {
	kind, ok := kindOf(f.Do)
	if !ok {
		r.at(path+".do", "unknown fault %q%s", f.Do, system.Hint(f.Do, kindNames()))
		return
	}
	allowed := append([]string{"at", "for", "on", "off", "do", kind.On}, kind.Keys...)
	known := true
	for _, key := range r.keys(path) {
		if !slices.Contains(allowed, key) && !slices.Contains([]string{"link", "process", "shoppers", "act"}, key) {
			r.at(path+"."+key+":", "%s does not take %s; it takes %s", kind.Name, key, strings.Join(allowed, ", "))
			known = false
		}
	}
	if wrong, is := errors.AsType[*fault.KeyError](f.Check()); known && is {
		r.at(path+"."+wrong.Key, "%s: %s", wrong.Key, wrong.Message)
	}
}

// keys lists the keys that the file gives directly below a path.
func (r *reader) keys(path string) []string {
	var keys []string
	for place := range r.places {
		key, below := strings.CutPrefix(place, path+".")
		if key, isKey := strings.CutSuffix(key, ":"); below && isKey && !strings.ContainsAny(key, ".[") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func kindOf(name string) (fault.Kind, bool) {
	i := slices.IndexFunc(fault.Kinds(), func(k fault.Kind) bool { return k.Name == name })
	if i < 0 {
		return fault.Kind{}, false
	}
	return fault.Kinds()[i], true
}

func kindNames() []string {
	var names []string
	for _, k := range fault.Kinds() {
		names = append(names, k.Name)
	}
	return names
}
