package user

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"stormglass/system/api/links"
	userv1 "stormglass/system/api/user/v1"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/rpc"
	"stormglass/system/platform/service"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// config is what the user service is told by its environment.
type config struct {
	RPC      rpc.Settings
	Database boot.Secret `env:"DATABASE_URL,required"`
	Broker   string      `env:"BROKER_URL,required"`

	// Secret seals the private signing keys in the database.
	Secret boot.Secret `env:"KEYS_SECRET,required"`
	// Rotation and Activation are described at schedule. Activation must be longer than anybody keeps public keys.
	Rotation   time.Duration `env:"KEY_ROTATION" envDefault:"24h"`
	Activation time.Duration `env:"KEY_ACTIVATION" envDefault:"15m"`
	// Look is how often keys are looked after.
	Look time.Duration `env:"KEY_POLL" envDefault:"30s"`

	Access  time.Duration `env:"ACCESS_TOKEN_LIFE" envDefault:"15m"`
	Refresh time.Duration `env:"REFRESH_TOKEN_LIFE" envDefault:"720h"`
	Grace   time.Duration `env:"REFRESH_GRACE" envDefault:"10s"`

	Hash cost
	// HashAtOnce is how many passwords are hashed at the same time; 0: one for each core.
	HashAtOnce int `env:"HASH_CONCURRENCY" envDefault:"0"`
	// HashWait is how long a password may wait for its turn. It must end before callers give up.
	HashWait time.Duration `env:"HASH_WAIT" envDefault:"500ms"`
}

// shortestSecret is in characters: 32 random ones in hexadecimal are 128 bits.
const shortestSecret = 32

func (c config) validate() error {
	var wrong error
	check := func(ok bool, name, expected string) {
		if !ok {
			wrong = errors.Join(wrong, fmt.Errorf("%w: %s: want %s", boot.ErrUsage, name, expected))
		}
	}
	check(len(c.Secret) >= shortestSecret, "KEYS_SECRET", "32 or more random characters, such as `openssl rand -hex 32` gives")
	check(c.Hash.valid(), "HASH_MEMORY_KIB, HASH_TIME, HASH_THREADS", "1 or more each, and 8 KiB or more for each thread")
	check(c.HashAtOnce >= 0, "HASH_CONCURRENCY", "0 or more")
	check(c.Activation > 0 && c.Rotation > c.Activation, "KEY_ROTATION", "longer than KEY_ACTIVATION, which is more than 0")
	check(c.Look > 0, "KEY_POLL", "more than 0")
	check(c.Access >= time.Second && c.Refresh > c.Access, "REFRESH_TOKEN_LIFE", "longer than ACCESS_TOKEN_LIFE, which is 1s or more")
	check(c.Grace >= 0, "REFRESH_GRACE", "0 or more")
	return wrong
}

// Run runs the user service.
func Run(ctx context.Context, rt *boot.Runtime) error {
	var c config
	if err := boot.Settings(&c); err != nil {
		return err
	}
	if err := c.validate(); err != nil {
		return err
	}
	parts := service.New(rt, links.Policy)
	broker, err := parts.Broker(ctx, c.Broker)
	if err != nil {
		return err
	}
	db, err := parts.Database(ctx, c.Database, migrations(), audit()...)
	if err != nil {
		return err
	}
	keys, err := newKeys(ctx, parts, db, c)
	if err != nil {
		return err
	}
	rt.Go("signing keys", func(ctx context.Context) error { return keys.keep(ctx, c.Look) })
	verifier := auth.NewVerifier(rt.Telemetry, keys.document)
	rt.Go("public keys", verifier.Run)

	s := &Service{
		tel: rt.Telemetry, db: db, keys: keys,
		outbox:    publisher{rt.Telemetry, parts.Outbox(db, broker)},
		passwords: newPasswords(rt.Telemetry, c.Hash, c.hashAtOnce(), c.HashWait),
		lives:     lives{Access: c.Access, Refresh: c.Refresh, Grace: c.Grace},
		reused:    rt.Counter(telemetry.TokenReuse).WithLabelValues(), now: time.Now,
	}
	rt.Go("old sessions", s.forget)

	grpc := rpc.NewServer(rt.Telemetry, verifier)
	userv1.RegisterUserServiceServer(grpc, &server{service: s})
	return grpc.Start(rt, c.RPC)
}

// newKeys makes sure that there is a key to sign with, and that the secret opens it.
func newKeys(ctx context.Context, p service.Parts, db *store.DB, c config) (*keys, error) {
	sealed, err := newBox(string(c.Secret), "private signing keys")
	if err != nil {
		return nil, err
	}
	k := &keys{tel: p.Telemetry, db: db, box: sealed, schedule: schedule{c.Rotation, c.Activation, c.Access}, now: time.Now}
	if err := p.Insist(ctx, "make the first signing key", k.rotate); err != nil {
		return nil, err
	}
	if err := p.Insist(ctx, "open the signing key", k.check); err != nil {
		if errors.Is(err, errSealed) {
			return nil, fmt.Errorf("%w: %w", boot.ErrUsage, err)
		}
		return nil, err
	}
	return k, nil
}

func (c config) hashAtOnce() int {
	if c.HashAtOnce > 0 {
		return c.HashAtOnce
	}
	return runtime.GOMAXPROCS(0)
}
