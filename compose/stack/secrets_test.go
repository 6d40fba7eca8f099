package stack

import (
	"net/url"
	"os"
	"path/filepath"
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

func TestAServerThatKnowsNoUsersIsAskedWithoutAPassword(t *testing.T) {
	s := fresh(t, "shop")
	if err := s.MakeSecrets(theShop(t), true); err != nil {
		t.Fatal(err)
	}
	if got, want := text(t, s.secret("direct/product-documents-url")), "mongodb://documents:27017/product"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
