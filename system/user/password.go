package user

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/crypto/argon2"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// Sizes of what argon2id makes, in bytes: those that RFC 9106 recommends.
const (
	saltSize = 16
	sumSize  = 32
)

// hash is a hashed password with all that is needed to check one against it, in the usual string form:
// $argon2id$v=19$m=19456,t=2,p=1$<salt>$<sum>.
type hash string

// cost is what hashing one password takes. The defaults are those that OWASP's cheat sheet on password storage names.
type cost struct {
	// Memory is in KiB.
	Memory uint32 `env:"HASH_MEMORY_KIB" envDefault:"19456"`
	// Time is the number of passes over the memory.
	Time    uint32 `env:"HASH_TIME" envDefault:"2"`
	Threads uint8  `env:"HASH_THREADS" envDefault:"1"`
}

// giveBackAfter is how long no password was hashed when the memory that it took is given back.
const giveBackAfter = 200 * time.Millisecond

// passwords hashes and checks passwords, behind a bulkhead of its own: hashing is the one thing here that needs a whole
// core, and a wave of logins must leave some for everybody else.
type passwords struct {
	cost cost
	// slots holds a token for each password being hashed.
	slots chan struct{}
	// patience is how long a password may wait for a slot.
	patience time.Duration
	busy     prometheus.Gauge
	// idle gives memory back after a wave of passwords, each of which left cost.Memory to be collected: the collector
	// itself would keep the room for the next wave, which may be hours away.
	idle *time.Timer
	// decoy is what a password is checked against when there is no such account, so that the answer takes as long.
	decoy hash
}

func newPasswords(tel *telemetry.Telemetry, c cost, atOnce int, patience time.Duration) *passwords {
	p := &passwords{cost: c, slots: make(chan struct{}, atOnce), patience: patience, busy: tel.Gauge(telemetry.PasswordHashing).WithLabelValues()}
	p.busy.Set(0)
	p.idle = time.AfterFunc(giveBackAfter, debug.FreeOSMemory)
	p.idle.Stop()
	p.decoy = c.format(random(saltSize), random(sumSize))
	return p
}

// hash makes the hash of a password, with a salt of its own.
func (p *passwords) hash(ctx context.Context, password string) (hash, error) {
	leave, err := p.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := random(saltSize)
	return p.cost.format(salt, p.cost.sum(password, salt, sumSize)), nil
}

// matches says whether the hash is that of the password.
func (p *passwords) matches(ctx context.Context, password string, h hash) (bool, error) {
	c, salt, sum, err := h.parse()
	if err != nil {
		return false, err
	}
	leave, err := p.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	return subtle.ConstantTimeCompare(c.sum(password, salt, uint32(len(sum))), sum) == 1, nil
}

// dated says that a hash was made at another cost than would be spent today.
func (p *passwords) dated(h hash) bool {
	c, _, _, err := h.parse()
	return err == nil && c != p.cost
}

// enter waits for a slot. The caller who gets none did nothing wrong and the service is well, so it is told to come back,
// in words that no breaker counts.
func (p *passwords) enter(ctx context.Context) (leave func(), err error) {
	limit := time.NewTimer(p.patience)
	defer limit.Stop()
	select {
	case p.slots <- struct{}{}:
	case <-limit.C:
		return nil, problem.New(problem.TooMany, "password_checks_busy", "too many people log in or register just now: try again in a second").After(time.Second)
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash password: %w", ctx.Err())
	}
	p.busy.Inc()
	return func() {
		p.busy.Dec()
		<-p.slots
		p.idle.Reset(giveBackAfter)
	}, nil
}

func (c cost) sum(password string, salt []byte, size uint32) []byte {
	return argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, size)
}

func (c cost) format(salt, sum []byte) hash {
	return hash(fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum)))
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the program where there is no randomness
	return b
}
