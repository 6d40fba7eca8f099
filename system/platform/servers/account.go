package servers

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Account is who runs a server: PostgreSQL refuses to run as root, and the others need not.
type Account struct {
	// Credential is nil for ourselves.
	Credential *syscall.Credential
}

// Unprivileged is ourselves, or for root the user postgres or nobody.
func Unprivileged() (Account, error) {
	if os.Getuid() != 0 {
		return Account{}, nil
	}
	var failed error
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return Account{}, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		return Account{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, err
	}
	return Account{}, failed
}

// Start starts a command as the account, in this process's group, with as many favours as the system allows.
func (a Account) Start(c *exec.Cmd) error {
	again := *c
	for _, attr := range append(favours(a.Credential), syscall.SysProcAttr{}) {
		*c = again
		attr.Credential = a.Credential
		c.Dir, c.SysProcAttr = "/", &attr // its own may be closed to it until it runs
		if err := c.Start(); !errors.Is(err, syscall.EPERM) {
			return err
		}
	}
	return fmt.Errorf("start %s: %w", c.Path, syscall.EPERM)
}

// run runs a command of the account to its end.
func (a Account) run(c *exec.Cmd) error {
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	err := a.Start(c)
	if err == nil {
		err = c.Wait()
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(c.Path), err, &said)
	}
	return nil
}

// Own gives files to the account.
func (a Account) Own(paths ...string) error {
	if a.Credential == nil {
		return nil
	}
	var failed error
	for _, path := range paths {
		failed = errors.Join(failed, os.Chown(path, int(a.Credential.Uid), int(a.Credential.Gid)))
	}
	return failed
}

// write makes a file that only the account can read.
func (a Account) write(path, text string) error {
	return errors.Join(os.WriteFile(path, []byte(text), 0o600), a.Own(path))
}
