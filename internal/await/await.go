// Package await is how a test waits for what must come: it looks again and again, and gives up so late that no slow machine
// makes it fail. How long something took is for the test to measure where that is the claim.
package await

import (
	"errors"
	"testing"
	"time"
)

// patience is many times what anything takes on a machine that does little else, and below go test's own limit.
const patience = 2 * time.Minute

// NoError tries until there is no error. It fails the test with the last one after two minutes.
func NoError(t testing.TB, try func() error) {
	t.Helper()
	end := time.Now().Add(patience)
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("waited %v in vain: %v", patience, err)
		}
		time.Sleep(pause)
	}
}

// True looks until something holds. It fails the test with what was waited for after two minutes.
func True(t testing.TB, what string, holds func() bool) {
	t.Helper()
	NoError(t, func() error {
		if holds() {
			return nil
		}
		return errors.New(what)
	})
}
