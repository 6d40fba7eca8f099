package fault

import (
	"context"

	"stormglass/chaos/cell"
)

func stopKind() Kind {
	return manner{
		name: "stop",
		doc: "asks every instance of the process to end with SIGTERM and waits until it has, and starts it again when the " +
			"time is over",
		harm:   func(ctx context.Context, p *cell.Process) error { return p.Stop(ctx) },
		mend:   func(ctx context.Context, p *cell.Process) error { return p.Restart(ctx) },
		harmed: "stopped", mended: "came back ready",
	}.kind()
}
