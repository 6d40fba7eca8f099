// Package cache stands in for Redis: a server in memory that speaks its protocol and lets keys expire by the clock.
//
// It keeps nothing across a restart, as a Redis without persistence.
package cache

import (
	"context"
	"fmt"
	"net/http"

	"github.com/alicebob/miniredis/v2"

	"stormglass/system/platform/boot"
	"stormglass/system/standins/front"
)

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
	srv.ClockTTL(true) // or nothing would ever expire
	if err := srv.StartAddr(s.Redis); err != nil {
		return fmt.Errorf("start cache on %s: %w", s.Redis, err)
	}
	rt.OnStop("redis", func(context.Context) error {
		srv.Close()
		return nil
	})
	rt.Log.Info().Str("server", "redis").Str("address", srv.Addr()).Msg("listening")
	return front.Serve(ctx, rt, s.HTTP, http.NewServeMux())
}
