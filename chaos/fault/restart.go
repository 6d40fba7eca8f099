package fault

import (
	"context"

	"stormglass/chaos/cell"
)

func restartKind() Kind {
	return manner{
		name:   "restart",
		doc:    "stops every instance of the process at once with SIGTERM and starts each again as soon as it has ended",
		harm:   restart,
		harmed: "restarted", mended: "came back ready",
	}.kind()
}

func rollingRestartKind() Kind {
	return manner{
		name:   "rolling-restart",
		doc:    "restarts one instance of the process after the other, the next one when the one before is ready: a deployment",
		harm:   restart,
		inTurn: true,
		harmed: "restarted", mended: "came back ready",
	}.kind()
}

func restart(ctx context.Context, p *cell.Process) error {
	if err := p.Stop(ctx); err != nil {
		return err
	}
	return p.Restart(ctx)
}
