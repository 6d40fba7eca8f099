package stack

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

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
			address, err := s.url(l, addr, openDocuments)
			if err != nil {
				return err
			}
			if err := s.write(filepath.Join(folder, l.Secret), address); err != nil {
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
	if strings.Contains(broker, "#") {
		return fmt.Errorf("read secret: %s holds the character #, which begins a comment in RabbitMQ's file: choose another password", s.secret("broker-password"))
	}
	cache, err := s.read("cache-password")
	if err != nil {
		return err
	}
	if err := s.write("broker-user", "default_user = shop\ndefault_pass = "+broker+"\n"); err != nil {
		return err
	}
	return s.write("cache-users", "bind * -::*\nport 6379\ndir /data\nappendonly yes\nmaxmemory 32mb\nrequirepass "+redisString(cache)+"\n")
}

// redisString writes a text as a string of Redis' configuration file.
func redisString(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// url is what a client that needs a password is told of its server.
func (s *Stack) url(l Link, addr string, openDocuments bool) (string, error) {
	secret, user, u := "", "", url.URL{Host: addr}
	switch l.Port {
	case 5432:
		secret, user = l.Server, l.Client
		u.Scheme, u.Path, u.RawQuery = "postgres", "/"+l.Client, "sslmode=disable"
	case 5672:
		secret, user = "broker-password", "shop"
		u.Scheme, u.Path = "amqp", "/"
	case 6379:
		secret = "cache-password"
		u.Scheme, u.Path = "redis", "/0"
	default:
		u.Scheme, u.Path = "mongodb", "/product"
		if openDocuments {
			return u.String(), nil
		}
		secret, user = "documents-product", "product"
	}
	password, err := s.read(secret)
	u.User = url.UserPassword(user, password)
	return u.String(), err
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
	secret := strings.TrimSpace(string(text))
	if i := strings.IndexFunc(secret, unicode.IsControl); i >= 0 {
		return "", fmt.Errorf("read secret: %s holds a line end or another control character: expected one line", s.secret(name))
	}
	return secret, nil
}

func (s *Stack) secret(name string) string { return filepath.Join(s.Dir, SecretsDir, name) }
