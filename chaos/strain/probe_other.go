//go:build !linux

package strain

import (
	"runtime"
	"time"
)

// probe knows only the clocks here: how late the harness is tells of strain all the same.
type probe struct{}

func newProbe() *probe { return &probe{} }

func (*probe) close() {}

func (*probe) read(scan bool) reading {
	return reading{at: time.Now(), scanned: scan, allowed: runtime.NumCPU()}
}

func (*probe) gained(int, bool) usage { return usage{} }

func processorName() string { return unnamed() }
