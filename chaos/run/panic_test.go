package run

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"stormglass/chaos/fault"
)

// panicky is a fault whose injection panics half-way.
type panicky struct{ *noted }

func (panicky) Inject(context.Context) error { panic("half-way") }

// A panic ends the harness, and its guard then every process. Until it does, the fault is undone as on every way out, so
// that nothing of it shows in what others still write.
func TestAFaultThatPanicsIsUndoneOnTheWayOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := panicky{struck()}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = quiet().strike(t.Context(), fault.Spec{For: time.Second}, f)
		}()
		if f.undone != 1 {
			t.Errorf("undone %d times, want once", f.undone)
		}
	})
}
