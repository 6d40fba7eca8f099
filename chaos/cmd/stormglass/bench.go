package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"stormglass/chaos/bench"
	"stormglass/chaos/cell"
	"stormglass/chaos/report"
)

type benchCommand struct {
	Rate     float64       `help:"Operations a second that must be borne for long." default:"150"`
	Burst    float64       `help:"Operations a second of the burst." default:"300"`
	Length   time.Duration `help:"How long the steady rate, the burst and the overload last." default:"10s"`
	Step     time.Duration `help:"How long each rate in the search for the knee lasts." default:"3s"`
	Only     []string      `help:"Run only these profiles: steady, burst, knee, overload." enum:"steady,burst,knee,overload" placeholder:"PROFILE"`
	Seed     uint64        `help:"Seed of arrivals." default:"1"`
	JSON     bool          `help:"Print one JSON object instead of tables."`
	location `embed:""`
}

// Run measures the system and prints what it saw. It fails when something that was accepted was never finished.
func (c benchCommand) Run(ctx context.Context, env environment) (err error) {
	sys, err := c.load()
	if err != nil {
		return err
	}
	bin, err := c.programs(sys)
	if err != nil {
		return err
	}
	if c.Rate <= 0 || c.Burst <= 0 || c.Length <= 0 || c.Step <= 0 {
		return errors.New("read flags: --rate, --burst, --length and --step must be more than 0")
	}
	work, err := cell.NewTemp("stormglass-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, work.Remove()) }()
	measured, err := bench.Run(ctx, bench.Options{
		System: sys, Registry: env.registry, Bin: bin, Dir: work.Dir, Guard: env.guard, Seed: c.Seed,
		Rate: c.Rate, Burst: c.Burst, Length: c.Length, Step: c.Step, Only: c.Only,
		Progress: func(format string, args ...any) { fmt.Fprintf(env.stderr, format+"\n", args...) },
	})
	switch {
	case ctx.Err() != nil:
		return interrupted(ctx)
	case errors.Is(err, bench.ErrNoWorkload):
		return fmt.Errorf("bench %s: %w", sys.Name, err)
	case err != nil:
		return codeError{report.ExitInvalid, err}
	}
	return c.print(env, measured)
}

func (c benchCommand) print(env environment, measured bench.Report) error {
	if c.JSON {
		encoder := json.NewEncoder(env.stdout)
		encoder.SetIndent("", strings.Repeat(" ", 2))
		if err := encoder.Encode(measured); err != nil {
			return fmt.Errorf("print report: %w", err)
		}
	} else if err := measured.Print(env.stdout); err != nil {
		return fmt.Errorf("print report: %w", err)
	}
	if !measured.Sound() {
		return codeError{report.ExitBroken, errors.New("something that was accepted was never finished")}
	}
	return nil
}
