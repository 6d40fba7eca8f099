package fault

import (
	"context"
	"fmt"
)

// PerformName is the name of the fault that is an act of the system's own list. Whoever runs a scenario makes it by NewAct,
// because only the registry knows the acts.
const PerformName = "perform"

func performKind() Kind {
	return Kind{
		Name: PerformName, On: "act",
		Doc:   "does once, at its time, what the system's list of acts says by this name; afterwards it is watched for its time",
		check: func(Spec) error { return nil },
	}
}

// act is something that is done to a system which is neither a link's fault nor a process's.
type act struct {
	*window
	spec Spec
	do   func(context.Context) (done int, err error)
}

// NewAct makes an act of a spec; do does it and says how many things it did.
func NewAct(s Spec, do func(ctx context.Context) (done int, err error)) Fault {
	return &act{window: newWindow("things_done"), spec: s, do: do}
}

func (a *act) Inject(ctx context.Context) error {
	a.begin()
	done, err := a.do(ctx)
	a.count("things_done", float64(done))
	if err != nil {
		return err
	}
	a.open()
	return nil
}

func (a *act) Undo(context.Context) error {
	a.close()
	return nil
}

func (a *act) Dose() Dose {
	d := a.dose(a.spec, fmt.Sprintf("%s, watched for %s", a.spec.Act, a.spec.For))
	done := d.Measures["things_done"]
	d.Hit = done > 0
	d.Why = fmt.Sprintf("%.0f things were done", done)
	return d
}
