package fault

import (
	"context"

	"stormglass/chaos/cell"
)

func killKind() Kind {
	return manner{
		name: "kill",
		doc: "ends every instance of the process with SIGKILL, and starts it again when the time is over, with the same " +
			"address, settings and data; with when, at the moment that the nth such text passes a link",
		harm:   func(_ context.Context, p *cell.Process) error { return p.Kill() },
		mend:   func(ctx context.Context, p *cell.Process) error { return p.Restart(ctx) },
		harmed: "killed", mended: "came back ready",
	}.kind()
}
