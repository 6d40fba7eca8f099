package fault

import (
	"context"

	"stormglass/chaos/cell"
)

func pauseKind() Kind {
	return manner{
		name: "pause",
		doc: "halts every instance of the process with SIGSTOP, its connections open and its memory kept, and lets it run " +
			"on with SIGCONT when the time is over: what a long pause of a machine or a garbage collector looks like from outside",
		harm:   func(_ context.Context, p *cell.Process) error { return p.Pause() },
		mend:   func(_ context.Context, p *cell.Process) error { return p.Resume() },
		harmed: "paused", mended: "run again",
	}.kind()
}
