package stack

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"stormglass/chaos/system"
)

// SecretsDir is the folder of the secrets' files, beside the layers.
const SecretsDir = ".secrets"

// The folder is its owner's alone. The files in it can be read by anybody who gets that far, because a container sees one
// of them at a time, and its user is a number that owns nothing on this machine.
const (
	folderMode = 0o700
	fileMode   = 0o444
)

// MakeSecrets makes what is missing of the secrets: passwords and keys once, the files that hold them in another form each
// time. With open documents the product service gets an address without a password, for a server that knows no users.
func (s *Stack) MakeSecrets(shop *system.System, openDocuments bool) error {
	for _, folder := range []string{"", "direct", "proxied"} {
		if err := os.MkdirAll(s.secret(folder), folderMode); err != nil {
			return fmt.Errorf("make folder of secrets: %w", err)
		}
	}
	for name, secret := range s.Secrets {
		if filepath.Dir(secret.File) != "./"+SecretsDir && filepath.Dir(secret.File) != SecretsDir || slices.Contains(forms(), name) {
			continue
		}
		if err := s.once(name); err != nil {
			return err
		}
	}
	if err := s.makeForms(); err != nil {
		return err
	}
	links, err := s.Links(shop)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Secret == "" {
			continue
		}
		for folder, addr := range map[string]string{"direct": l.Direct(), "proxied": l.Listen} {
			url, err := s.url(l, addr, openDocuments)
			if err != nil {
				return err
			}
			if err := s.write(filepath.Join(folder, l.Secret), url); err != nil {
				return err
			}
		}
	}
	return nil
}

// forms are the secrets that hold a password in the form that a server reads.
func forms() []string { return []string{"broker-user", "cache-users"} }

func (s *Stack) makeForms() error {
	for _, name := range []string{"broker-password", "cache-password"} {
		if err := s.once(name); err != nil {
			return err
		}
	}
	broker, err := s.read("broker-password")
	if err != nil {
		return err
	}
	cache, err := s.read("cache-password")
	if err != nil {
		return err
	}
	if err := s.write("broker-user", "default_user = shop\ndefault_pass = "+broker+"\n"); err != nil {
		return err
	}
	return s.write("cache-users", "bind * -::*\nport 6379\ndir /data\nappendonly yes\nmaxmemory 32mb\nrequirepass "+cache+"\n")
}

// url is what a client that needs a password is told of its server.
func (s *Stack) url(l Link, addr string, openDocuments bool) (string, error) {
	secret, form := "", ""
	switch l.Port {
	case 5432:
		secret, form = l.Server, "postgres://"+l.Client+":%s@"+addr+"/"+l.Client+"?sslmode=disable"
	case 5672:
		secret, form = "broker-password", "amqp://shop:%s@"+addr+"/"
	case 6379:
		secret, form = "cache-password", "redis://:%s@"+addr+"/0"
	default:
		if openDocuments {
			return "mongodb://" + addr + "/product", nil
		}
		secret, form = "documents-product", "mongodb://product:%s@"+addr+"/product"
	}
	password, err := s.read(secret)
	return fmt.Sprintf(form, password), err
}

// once makes a random secret unless it is there.
func (s *Stack) once(name string) error {
	_, err := os.Stat(s.secret(name))
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.write(name, rand.Text()+rand.Text()) // 52 letters and digits, 260 bits
}

// write puts a file in the place of what was there.
func (s *Stack) write(name, text string) error {
	path := s.secret(name)
	if old, err := os.ReadFile(path); err == nil && string(old) == text {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write secret: %w", err)
	}
	if err := os.WriteFile(path, []byte(text), fileMode); err != nil {
		return fmt.Errorf("write secret: %w", err)
	}
	return nil
}

func (s *Stack) read(name string) (string, error) {
	text, err := os.ReadFile(s.secret(name))
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

func (s *Stack) secret(name string) string { return filepath.Join(s.Dir, SecretsDir, name) }
