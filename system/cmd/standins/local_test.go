package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"

	"stormglass/internal/await"
	"stormglass/system/platform/backendtest"
	"stormglass/system/platform/boot"
)

// sql runs a statement in the order service's database, as the shop would reach it.
func sql(statement string) func(context.Context, string) error {
	return func(ctx context.Context, addr string) error {
		c, err := pgx.Connect(ctx, "postgres://shop:local-tier-only-not-a-secret@"+addr+"/order?sslmode=disable")
		if err != nil {
			return err
		}
		_, err = c.Exec(ctx, statement)
		return errors.Join(err, c.Close(ctx))
	}
}

// queue declares a durable queue, or asks whether it is there.
func queue(passive bool) func(context.Context, string) error {
	return func(_ context.Context, addr string) error {
		c, err := amqp.Dial("amqp://shop:local-tier-only-not-a-secret@" + addr + "/shop")
		if err != nil {
			return err
		}
		defer c.Close()
		ch, err := c.Channel()
		if err != nil {
			return err
		}
		declare := ch.QueueDeclare
		if passive {
			declare = ch.QueueDeclarePassive
		}
		_, err = declare("kept", true, false, false, false, amqp.Table{"x-queue-type": "quorum"})
		return err
	}
}

func set(ctx context.Context, addr string) error {
	c := redis.NewClient(&redis.Options{Addr: addr})
	return errors.Join(c.Set(ctx, "kept", "yes", 0).Err(), c.Close())
}

func fetch(ctx context.Context, addr string) error {
	c := redis.NewClient(&redis.Options{Addr: addr})
	return errors.Join(c.Get(ctx, "kept").Err(), c.Close())
}

// clientPort is the address for clients among a unit's ports.
func (p *process) clientPort() string {
	for _, name := range []string{"postgres", "amqp", "redis"} {
		if addr := p.addr[name]; addr != "" {
			return addr
		}
	}
	return ""
}

// mustBeGone waits until nobody listens on the process's ports.
func (p *process) mustBeGone(t *testing.T) {
	t.Helper()
	await.NoError(t, func() error {
		for port, addr := range p.addr {
			l, err := net.Listen("tcp", addr)
			if err != nil {
				return fmt.Errorf("%s: %w", port, err)
			}
			l.Close()
		}
		return nil
	})
}

func TestARealServerKeepsItsDataThroughAKillAndLeavesNothingBehind(t *testing.T) {
	backendtest.Programs(t)
	for name, server := range map[string]struct {
		write, read func(ctx context.Context, addr string) error
		folder      string // more characters that the folder's name may hold
	}{
		"local-postgres": {sql("CREATE TABLE kept (id INT)"), sql("SELECT id FROM kept"), quotes},
		"local-rabbitmq": {queue(false), queue(true), ""},
		"local-redis":    {set, fetch, quotes},
	} {
		t.Run(name, func(t *testing.T) {
			p := prepareUnit(t, tier(t, "local")[name], awkwardFolder(t, server.folder))
			begin(t, p)
			if err := server.write(t.Context(), p.clientPort()); err != nil {
				t.Fatalf("write: %v\n%s", err, &p.output)
			}
			p.kill()
			next := p.again(t) // at once: what is left of the former life must not be in its way
			if err := server.read(t.Context(), next.clientPort()); err != nil {
				t.Errorf("read after a kill: %v\n%s", err, &next.output)
			}
			if code := next.stop(t); code != boot.ExitOK {
				t.Errorf("got exit code %d, want 0\n%s", code, &next.output)
			}
			next.mustBeGone(t)
		})
	}
}

func TestRabbitMQNamesAFolderThatItCannotWorkIn(t *testing.T) {
	backendtest.Programs(t)
	for _, quote := range quotes {
		p := prepareUnit(t, tier(t, "local")["local-rabbitmq"], filepath.Join(t.TempDir(), "of mice"+string(quote)))
		code, said := p.end(t)
		if want := fmt.Sprintf("a folder whose path holds the character %c", quote); code != boot.ExitError || !strings.Contains(said, want) {
			t.Errorf("got exit code %d and %q, want 1 and %q", code, said, want)
		}
	}
}

func TestARealServerThatEndsByItselfEndsTheStandInWithAnError(t *testing.T) {
	backendtest.Programs(t)
	p := begin(t, prepareUnit(t, tier(t, "local")["local-redis"], t.TempDir()))
	c := redis.NewClient(&redis.Options{Addr: p.clientPort(), MaxRetries: -1})
	defer c.Close()
	c.ShutdownNoSave(t.Context())
	<-p.ended
	if code := p.ProcessState.ExitCode(); code != boot.ExitError || !strings.Contains(p.output.String(), "it ended though nobody asked") {
		t.Errorf("got exit code %d, want 1 and the reason\n%s", code, &p.output)
	}
}

func TestAServerThatIsNotInstalledIsNamedWithItsPackage(t *testing.T) {
	p := prepareUnit(t, tier(t, "local")["local-redis"], t.TempDir())
	p.Env = append(p.Env, "PATH="+t.TempDir())
	code, said := p.end(t)
	if code != boot.ExitUsage || !strings.Contains(said, "redis-server is not on this machine") || !strings.Contains(said, "apt-get install redis-server") {
		t.Errorf("got exit code %d and %q, want 2, the program and its package", code, said)
	}
}

func TestTheCheckNamesEachServerThatIsNotInstalled(t *testing.T) {
	backendtest.Programs(t)
	var said bytes.Buffer
	if code := start([]string{"local-check"}, &said, &said); code != boot.ExitOK || said.Len() > 0 {
		t.Errorf("all are there: got exit code %d and %q", code, &said)
	}
	t.Setenv("PATH", t.TempDir()) // where PostgreSQL is not looked for first
	if code := start([]string{"local-check"}, &said, &said); code != boot.ExitUsage ||
		!strings.Contains(said.String(), "apt-get install redis-server") || !strings.Contains(said.String(), "apt-get install rabbitmq-server") {
		t.Errorf("got exit code %d and %q, want what is missing", code, &said)
	}
}

// TestAServerWorksBelowAFolderThatIsClosedToOthers has root start it as somebody else, as where a checkout lies in /root.
func TestAServerWorksBelowAFolderThatIsClosedToOthers(t *testing.T) {
	backendtest.Programs(t)
	p := begin(t, prepareUnit(t, tier(t, "local")["local-postgres"], t.TempDir()))
	if err := sql("CREATE TABLE kept (id INT)")(t.Context(), p.clientPort()); err != nil {
		t.Errorf("%v\n%s", err, &p.output)
	}
	if code := p.stop(t); code != boot.ExitOK {
		t.Errorf("got exit code %d, want 0\n%s", code, &p.output)
	}
}
