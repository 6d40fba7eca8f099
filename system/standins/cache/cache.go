// Package cache stands in for Redis: a server in memory that speaks its protocol and lets keys expire by the clock.
//
// It keeps nothing across a restart, as a Redis without persistence.
package cache

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/alicebob/miniredis/v2"

	"stormglass/system/platform/boot"
	"stormglass/system/standins/front"
)

// tick is how exactly keys expire. The server looks at every key whenever its clock has moved: a clock that runs in steps
// spares that on all other requests.
const tick = 250 * time.Millisecond

type settings struct {
	Redis string `env:"REDIS_ADDR,required,notEmpty"`
	HTTP  string `env:"HTTP_ADDR,required,notEmpty"`
}

// Run serves the Redis protocol until the program stops.
func Run(ctx context.Context, rt *boot.Runtime) error {
	var s settings
	if err := boot.Settings(&s); err != nil {
		return err
	}
	if err := front.MustBeFree(s.Redis); err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	srv := miniredis.NewMiniRedis()
	srv.SetTime(time.Now())
	srv.ClockTTL(true) // or nothing would ever expire
	if err := srv.StartAddr(s.Redis); err != nil {
		return fmt.Errorf("start cache on %s: %w", s.Redis, err)
	}
	rt.OnStop("redis", func(context.Context) error {
		srv.Close()
		return nil
	})
	rt.Go("clock", func(ctx context.Context) error { return run(ctx, srv) })
	rt.Log.Info().Str("server", "redis").Str("address", srv.Addr()).Msg("listening")
	return front.Serve(ctx, rt, s.HTTP, http.NewServeMux())
}

// run keeps the server's clock going until ctx ends.
func run(ctx context.Context, srv *miniredis.Miniredis) error {
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	for {
		select {
		case now := <-ticks.C:
			srv.SetTime(now)
		case <-ctx.Done():
			return nil
		}
	}
}
