package scenario

import (
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
	for unit, n := range s.Instances {
		if n < 1 {
			r.at("instances."+unit, "instances of %s: expected at least 1", unit)
		}
	}
	for i, f := range s.Faults {
		r.fault(fmt.Sprintf("faults[%d]", i), f)
	}
	r.expectations("steady.expect", s.Steady.Expect, s)
	r.expectations("expect.during", s.Expect.During, s)
	r.expectations("expect.after", s.Expect.After, s)
}

func (r *reader) required(path string, ok bool, what string) {
	if !ok {
		r.at(path, "%s is missing: expected %s", path, what)
	}
}

// fault checks one entry of faults against the kinds of fault that there are.
func (r *reader) fault(path string, f fault.Spec) {
	kind, ok := kindOf(f.Do)
	if !ok {
		r.at(path+".do", "unknown fault %q%s", f.Do, system.Hint(f.Do, kindNames()))
		return
	}
	if (f.Link == "") == (f.Process == "") {
		r.at(path, "a fault hits exactly one of link and process")
	} else if (kind.On == "link") != (f.Link != "") {
		r.at(path, "%s hits a %s: say which by the key %s", kind.Name, kind.On, kind.On)
	}
	if f.For <= 0 {
		r.at(path, "%s needs for: how long it lasts, such as 6s", kind.Name)
	}
	allowed := append([]string{"at", "for", "do", kind.On}, kind.Keys...)
	for _, key := range r.keys(path) {
		if !slices.Contains(allowed, key) && key != "link" && key != "process" {
			r.at(path+"."+key+":", "%s does not take %s; it takes %s", kind.Name, key, strings.Join(allowed, ", "))
		}
	}
	r.direction(path, f)
	r.trigger(path+".when", f.When)
}

func (r *reader) direction(path string, f fault.Spec) {
	words := []string{"request", "response", "both"}
	if f.Direction != "" && !slices.Contains(words, f.Direction) {
		r.at(path+".direction", "unknown direction %q%s", f.Direction, system.Hint(f.Direction, words))
	}
}

func (r *reader) trigger(path string, t *fault.Trigger) {
	if t == nil {
		return
	}
	r.required(path+".link", t.Link != "", `the link that is watched, "client -> server"`)
	if (t.Request == "") == (t.Response == "") {
		r.at(path, "a trigger waits for exactly one of request and response: a text that passes the link that way")
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
