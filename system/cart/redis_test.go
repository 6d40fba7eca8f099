package cart

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"stormglass/system/api/links"
	"stormglass/system/platform/backendtest"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// each runs a test on the stand-in that the embedded tier has, and on Redis itself.
func each(t *testing.T, run func(t *testing.T, address string)) {
	t.Run("miniredis", func(t *testing.T) { run(t, serveMini(t).Addr()) })
	t.Run("redis", func(t *testing.T) { run(t, backendtest.Redis(t).URL().Host) })
}

func serveMini(t *testing.T) *miniredis.Miniredis {
	t.Helper()
	m := miniredis.RunT(t)
	m.ClockTTL(true)
	return m
}

// patientPolicy is the link's own, with so much time that only what the test does makes an operation late.
func patientPolicy(t *testing.T) resilience.Policy {
	t.Helper()
	p, err := links.Policy("cart", "cache")
	if err != nil {
		t.Fatal(err)
	}
	p.Deadline, p.AttemptTimeout = 2*time.Minute, time.Minute
	return p
}

// connected gives carts at an address under a policy.
func connected(t *testing.T, address string, policy resilience.Policy, life time.Duration) *carts {
	t.Helper()
	tel := telemetry.Discard("cart")
	link, err := resilience.New(tel, "cart", "cache", policy)
	if err != nil {
		t.Fatal(err)
	}
	c, err := connect(tel, link, boot.Secret("redis://"+address+"/0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.close(context.Background()); err != nil {
			t.Errorf("close cache: %v", err)
		}
	})
	return newCarts(c, life, time.Now)
}
