package user

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

func TestAPasswordMatchesItsHashAndNoOther(t *testing.T) {
	p := newPasswords(telemetry.Discard("user"), quick, 1, time.Second)
	h, err := p.hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(h), "$argon2id$v=19$m=8,t=1,p=1$") || strings.Contains(string(h), "horse") {
		t.Errorf("got hash %q", h)
	}
	again, err := p.hash(t.Context(), "correct horse")
	if err != nil || again == h {
		t.Errorf("two hashes of one password are the same: there is no salt in them (%v)", err)
	}
	for password, want := range map[string]bool{"correct horse": true, "correct horse ": false, "": false} {
		if got, err := p.matches(t.Context(), password, h); err != nil || got != want {
			t.Errorf("%q matches: got %v, %v, want %v", password, got, err, want)
		}
	}
	if ok, err := p.matches(t.Context(), "correct horse", p.decoy); ok || err != nil {
		t.Errorf("the decoy matches: %v, %v", ok, err)
	}
}

func TestAHashIsCheckedAtTheCostItWasMadeAt(t *testing.T) {
	tel := telemetry.Discard("user")
	old := newPasswords(tel, quick, 1, time.Second)
	now := newPasswords(tel, cost{Memory: 32, Time: 2, Threads: 2}, 1, time.Second)
	h, err := old.hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := now.matches(t.Context(), "correct horse", h); !ok || err != nil {
		t.Errorf("after the cost changed: %v, %v", ok, err)
	}
	if old.dated(h) || !now.dated(h) {
		t.Errorf("dated: got %v at its own cost and %v at another", old.dated(h), now.dated(h))
	}
}

func TestADamagedHashIsAnErrorThatDoesNotShowIt(t *testing.T) {
	p := newPasswords(telemetry.Discard("user"), quick, 1, time.Second)
	for _, h := range []hash{
		"", "plain", "$argon2i$v=19$m=8,t=1,p=1$c2FsdA$c3Vt", "$argon2id$v=16$m=8,t=1,p=1$c2FsdA$c3Vt", "$argon2id$v=19$m=8,t=0,p=1$c2FsdA$c3Vt",
		"$argon2id$v=19$m=1,t=1,p=1$c2FsdA$c3Vt", "$argon2id$v=19$m=8,t=1,p=1$!$c3Vt", "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$", "$argon2id$v=19$m=8,t=1,p=256$c2FsdA$c3Vt",
	} {
		_, err := p.matches(t.Context(), "x", h)
		if !errors.Is(err, errHash) || h != "" && strings.Contains(err.Error(), string(h)) {
			t.Errorf("%q: got error %v", h, err)
		}
	}
}

func TestPasswordsBeyondTheBulkheadWaitABoundedTimeAndAreToldToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPasswords(telemetry.Discard("user"), quick, 1, 500*time.Millisecond)
		defer p.idle.Stop()
		leave, err := p.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := testutil.ToFloat64(p.busy); got != 1 {
			t.Errorf("hashing in flight: got %v, want 1", got)
		}
		start := time.Now()
		_, err = p.hash(t.Context(), "correct horse")
		wantProblem(t, err, problem.TooMany, "password_checks_busy")
		if after := problem.As(err).RetryAfter; after <= 0 {
			t.Errorf("got no RetryAfter")
		}
		if waited := time.Since(start); waited != 500*time.Millisecond {
			t.Errorf("waited %v, want 500ms", waited)
		}
		leave()
		if _, err = p.hash(t.Context(), "correct horse"); err != nil {
			t.Errorf("after the slot was left: %v", err)
		}
		if got := testutil.ToFloat64(p.busy); got != 0 {
			t.Errorf("hashing in flight: got %v, want 0", got)
		}
	})
}

func TestManyPasswordsAtOnceNeverExceedTheBulkhead(t *testing.T) {
	p := newPasswords(telemetry.Discard("user"), quick, 3, time.Minute)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := p.hash(t.Context(), "correct horse"); err != nil {
				t.Error(err)
			}
			if busy := testutil.ToFloat64(p.busy); busy > 3 {
				t.Errorf("%v passwords were hashed at once, want at most 3", busy)
			}
		})
	}
	all.Wait()
}

func TestSealedThingsOpenOnlyWithTheirSecretForTheirPurposeAndOwner(t *testing.T) {
	made := func(secret, purpose string) box {
		b, err := newBox(secret, purpose)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := made("secret", "keys")
	sealed := b.seal([]byte("private"), "key-1")
	if plain, err := b.open(sealed, "key-1"); err != nil || string(plain) != "private" {
		t.Fatalf("got %q, %v", plain, err)
	}
	if again := b.seal([]byte("private"), "key-1"); again == sealed {
		t.Error("sealing twice gives the same text: the nonce is not random")
	}
	damaged := []byte(sealed)
	damaged[len(damaged)/2] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another owner":   func() ([]byte, error) { return b.open(sealed, "key-2") },
		"another secret":  func() ([]byte, error) { return made("secret2", "keys").open(sealed, "key-1") },
		"another purpose": func() ([]byte, error) { return made("secret", "tokens").open(sealed, "key-1") },
		"damage":          func() ([]byte, error) { return b.open(string(damaged), "key-1") },
		"nothing":         func() ([]byte, error) { return b.open("", "key-1") },
		"not base64":      func() ([]byte, error) { return b.open("%", "key-1") },
	} {
		if _, err := open(); !errors.Is(err, errSealed) {
			t.Errorf("%s: got %v, want errSealed", name, err)
		}
	}
}
