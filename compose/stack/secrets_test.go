package stack

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fresh is the stack with its secrets in an empty folder.
func fresh(t *testing.T, names ...string) *Stack {
	t.Helper()
	s := laid(t, names...)
	s.Dir = t.TempDir()
	return s
}

func TestSecretsAreMadeOnceAndOnlyTheirOwnerGetsAtThem(t *testing.T) {
	s := fresh(t, Layers()...)
	for range 2 {
		if err := s.MakeSecrets(theShop(t), false); err != nil {
			t.Fatal(err)
		}
	}
	before := text(t, s.secret("order-db"))
	if err := s.MakeSecrets(theShop(t), false); err != nil {
		t.Fatal(err)
	}
	if after := text(t, s.secret("order-db")); after != before || len(after) < 32 {
		t.Errorf("a password of %d characters became another: %v", len(before), after != before)
	}
	if info, err := os.Stat(s.secret("")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has the mode %v (%v), want 0700", info.Mode(), err)
	}
	for name, secret := range s.Secrets {
		if info, err := os.Stat(filepath.Join(s.Dir, secret.File)); err != nil || info.Size() == 0 {
			t.Errorf("secret %s: %v", name, err)
		}
	}
}

func TestEveryAddressWithAPasswordHasTheServersOwn(t *testing.T) {
	s := fresh(t, "shop")
	if err := s.MakeSecrets(theShop(t), false); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, l := range linksOf(t, s) {
		if l.Secret == "" {
			continue
		}
		seen++
		for folder, addr := range map[string]string{"direct": l.Direct(), "proxied": l.Listen} {
			u, err := url.Parse(text(t, s.secret(filepath.Join(folder, l.Secret))))
			if err != nil {
				t.Fatal(err)
			}
			password, _ := u.User.Password()
			if u.Host != addr || len(password) < 32 {
				t.Errorf("%s: got %s with a password of %d characters, want the host %s", l, u.Redacted(), len(password), addr)
			}
		}
	}
	if seen < 12 {
		t.Errorf("saw %d addresses", seen)
	}
}

// TestAPasswordOfOnesOwnMayHoldAnyCharacter had passwords pasted into addresses as they are: an @, a slash or a number sign in one
// moved the host.
func TestAPasswordOfOnesOwnMayHoldAnyCharacter(t *testing.T) {
	s := fresh(t, "shop")
	if err := os.MkdirAll(s.secret(""), 0o700); err != nil {
		t.Fatal(err)
	}
	const awkward = `p@ss/w:rd?%41 &'"\[ü]+=` // no number sign: RabbitMQ's file cannot hold one
	for _, name := range []string{"order-db", "broker-password", "cache-password", "documents-product"} {
		if err := os.WriteFile(s.secret(name), []byte(awkward+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.MakeSecrets(theShop(t), false); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"order-database-url", "order-broker-url", "cart-cache-url", "product-documents-url"} {
		address := text(t, s.secret(filepath.Join("direct", name)))
		u, err := url.Parse(address)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if password, _ := u.User.Password(); password != awkward || u.Port() == "" {
			t.Errorf("%s: got the password %q and the host %s, want the password %q", name, password, u.Host, awkward)
		}
	}
	if want := `requirepass "p@ss/w:rd?%41 &'\"\\[ü]+="`; !strings.Contains(text(t, s.secret("cache-users")), want+"\n") {
		t.Errorf("got the configuration of the cache %q, want %s in it", text(t, s.secret("cache-users")), want)
	}
	for name, password := range map[string]string{"broker-password": "a#b", "order-db": "a\nb"} {
		if err := os.WriteFile(s.secret(name), []byte(password), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.MakeSecrets(theShop(t), false); err == nil || !strings.Contains(err.Error(), s.secret(name)) {
			t.Errorf("%s of %q: got %v, want an error that names the file", name, password, err)
		}
		if err := os.WriteFile(s.secret(name), []byte("harmless"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAServerThatKnowsNoUsersIsAskedWithoutAPassword(t *testing.T) {
	s := fresh(t, "shop")
	if err := s.MakeSecrets(theShop(t), true); err != nil {
		t.Fatal(err)
	}
	if got, want := text(t, s.secret("direct/product-documents-url")), "mongodb://documents:27017/product"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
