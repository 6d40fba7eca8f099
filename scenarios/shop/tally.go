package shop

import (
	"fmt"

	"stormglass/chaos/evidence"
	"stormglass/chaos/verdict"
)

// mostExamples is how many broken things a result names; it counts the others.
const mostExamples = 10

// tally counts what was compared and keeps what was wrong.
type tally struct {
	compared, wrong int
	broken          []string
}

// expect compares one object with what must be true of it. It says whether that was so.
func (t *tally) expect(ok bool, format string, args ...any) bool {
	t.compared++
	return t.also(ok, format, args...)
}

// also is expect about an object that was counted already.
func (t *tally) also(ok bool, format string, args ...any) bool {
	if !ok {
		t.wrong++
		if len(t.broken) < mostExamples {
			t.broken = append(t.broken, fmt.Sprintf(format, args...))
		}
	}
	return ok
}

// result is what it came to; measured says in words what was compared.
func (t *tally) result(format string, args ...any) verdict.Result {
	measured := fmt.Sprintf(format, args...)
	if t.wrong > 0 {
		measured += fmt.Sprintf("; %d wrong", t.wrong)
	}
	return verdict.Result{Holds: t.wrong == 0, Compared: t.compared, Measured: measured, Broken: t.broken}
}

// looking makes a check's function of one that may find that it cannot look.
func looking(look func(*evidence.Folder) (verdict.Result, error)) func(*evidence.Folder) verdict.Result {
	return func(f *evidence.Folder) verdict.Result {
		r, err := look(f)
		if err != nil {
			return verdict.Result{Inconclusive: err.Error()}
		}
		return r
	}
}
