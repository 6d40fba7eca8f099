package cart

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"stormglass/system/api/links"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// missing is what a run says that could not test on Redis itself.
const missing = "not tested: Redis is not installed (Debian: apt-get install redis-server)"

// TestMain notes in the file that NOT_TESTED names when there is no Redis.
func TestMain(m *testing.M) {
	path := os.Getenv("NOT_TESTED")
	if _, err := redisProgram(); err != nil && path != "" {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err == nil {
			_, err = fmt.Fprintln(f, "cart: "+missing)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "note what is not tested:", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func redisProgram() (string, error) { return exec.LookPath("redis-server") }

// each runs a test on the stand-in that the embedded tier has, and on Redis itself, started from the machine's
// redis-server. Where there is none that is said; with REQUIRE_REDIS=1 it fails.
func each(t *testing.T, run func(t *testing.T, address string)) {
	t.Run("miniredis", func(t *testing.T) { run(t, serveMini(t).Addr()) })
	t.Run("redis", func(t *testing.T) {
		program, err := redisProgram()
		switch {
		case err == nil:
			run(t, serveRedis(t, program))
		case os.Getenv("REQUIRE_REDIS") == "1":
			t.Fatal(missing)
		default:
			t.Skip(missing)
		}
	})
}

func serveMini(t *testing.T) *miniredis.Miniredis {
	t.Helper()
	m := miniredis.RunT(t)
	m.ClockTTL(true)
	return m
}

func serveRedis(t *testing.T, program string) string {
	t.Helper()
	address := freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(program, "--bind", "127.0.0.1", "--port", port, "--save", "", "--dir", t.TempDir())
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	waitFor(t, func() error { return client.Ping(t.Context()).Err() })
	return address
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func usualPolicy(t *testing.T) resilience.Policy {
	t.Helper()
	p, err := links.Policy("cart", "cache")
	if err != nil {
		t.Fatal(err)
	}
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

// waitFor waits until check gives nil, and reports its last error when it does not in time.
func waitFor(t *testing.T, check func() error) {
	t.Helper()
	end := time.Now().Add(10 * time.Second)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within 10 s: %v", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
