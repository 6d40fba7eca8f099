package await

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// failing is a test that notes why it failed.
type failing struct {
	testing.TB
	why string
}

func (f *failing) Helper() {}

func (f *failing) Fatalf(_ string, args ...any) {
	f.why = args[1].(error).Error()
	panic(f)
}

func TestItWaitsUntilThereIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		NoError(t, func() error {
			if time.Since(start) < time.Minute {
				return errors.New("not yet")
			}
			return nil
		})
		if took := time.Since(start); took < time.Minute || took > time.Minute+50*time.Millisecond {
			t.Errorf("waited %v, want a minute", took)
		}
	})
}

func TestItFailsWithTheLastErrorWhenItWaitedInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, f := time.Now(), &failing{TB: t}
		func() {
			defer func() { recover() }()
			True(f, "the door to open", func() bool { return false })
		}()
		if took := time.Since(start); !strings.Contains(f.why, "the door to open") || took < patience {
			t.Errorf("failed with %q after %v, want what was waited for after %v", f.why, took, patience)
		}
	})
}
