package page

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"

	"stormglass/chaos/fault"
	"stormglass/chaos/report"
	"stormglass/chaos/scenario"
	"stormglass/chaos/verdict"
)

// words are the functions that templates call.
func words() template.FuncMap {
	return template.FuncMap{
		"sign": sign, "verdictSign": verdictSign, "count": count, "seconds": seconds, "duration": duration, "signed": func(x float64) string { return signed(round(x)) },
		"lower": strings.ToLower, "join": func(list []string) string { return strings.Join(list, ", ") },
		"held": held, "objects": objects, "questions": questions, "measures": measures, "settings": settings,
		"offset": func(of verdict.Timeline, m verdict.Moment) string {
			return strings.TrimSpace(report.Offset(m.At.Sub(of.ZeroAt)))
		},
		"machine": machine, "occupancy": occupancy, "add": func(a, b int) int { return a + b },
		"pair": func(a, b any) pair { return pair{a, b} },
	}
}

// pair gives a template two things.
type pair struct{ A, B any }

// sign shows a finding's state, beside its colour.
func sign(s verdict.State) string {
	return map[verdict.State]string{verdict.Holds: "✓", verdict.Broken: "✗", verdict.Unproven: "?", verdict.Strained: "~", verdict.Unasked: "!"}[s]
}

// verdictSign shows a verdict, beside its colour.
func verdictSign(v scenario.Verdict) string {
	return map[scenario.Verdict]string{scenario.Pass: "✓", scenario.Fail: "✗", scenario.Inconclusive: "?", scenario.Invalid: "!"}[v]
}

// count writes a whole number with its thousands apart.
func count(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}

// seconds writes seconds to a tenth.
func seconds(s float64) string { return fmt.Sprintf("%.1f s", s) }

// duration writes a latency given in seconds in its own unit, to three digits; below 0 there was none.
func duration(s float64) string {
	switch {
	case s < 0:
		return "–"
	case s == 0:
		return "0"
	case s < 0.9995e-3:
		return digits(s*1e6) + " µs"
	case s < 0.9995:
		return digits(s*1e3) + " ms"
	}
	return digits(s) + " s"
}

func digits(x float64) string {
	if x >= 100 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// held is how many findings hold.
func held(list []verdict.Finding) (n int) {
	for _, f := range list {
		if f.State == verdict.Holds {
			n++
		}
	}
	return n
}

// objects is how many objects findings compared.
func objects(list []verdict.Finding) (n int) {
	for _, f := range list {
		n += f.Samples
	}
	return n
}

// questions are all that was asked of a run except its invariants, in the order of its phases.
func questions(v verdict.Verdict) []verdict.Finding {
	list := slices.Concat(v.Baseline, v.Claims)
	if v.Risk != nil {
		at := slices.IndexFunc(list, func(f verdict.Finding) bool { return f.Phase == "after" })
		if at < 0 {
			at = len(list)
		}
		list = slices.Insert(list, at, *v.Risk)
	}
	return list
}

// measure is one measure of a dose, in words.
type measure struct{ Name, Value string }

func measures(d fault.Dose) []measure {
	var out []measure
	for _, name := range slices.Sorted(maps.Keys(d.Measures)) {
		value := strconv.FormatFloat(d.Measures[name], 'f', -1, 64)
		if name, ok := strings.CutSuffix(name, "_ms"); ok {
			out = append(out, measure{strings.ReplaceAll(name, "_", " "), duration(d.Measures[name+"_ms"] / 1e3)})
			continue
		}
		if d.Measures[name] == float64(int(d.Measures[name])) {
			value = count(int(d.Measures[name]))
		}
		out = append(out, measure{strings.ReplaceAll(name, "_", " "), value})
	}
	return out
}

// settings lists what a scenario changed, unit by unit.
func settings(changed map[string]map[string]string) []string {
	var out []string
	for _, unit := range slices.Sorted(maps.Keys(changed)) {
		for _, name := range slices.Sorted(maps.Keys(changed[unit])) {
			out = append(out, fmt.Sprintf("%s: %s=%s", unit, name, changed[unit][name]))
		}
	}
	return out
}
