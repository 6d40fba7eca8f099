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

// Start starts a command as the account, in this process's group. What it leaves in the kernel if it is killed (PostgreSQL: a
// piece of shared memory) goes with it where the system allows that.
func (a Account) Start(c *exec.Cmd) error {
	again := *c
	c.SysProcAttr = apart(&syscall.SysProcAttr{Credential: a.Credential})
	err := c.Start()
	if errors.Is(err, syscall.EPERM) {
		*c = again
		c.SysProcAttr = &syscall.SysProcAttr{Credential: a.Credential}
		err = c.Start()
	}
	return err
}

// run runs a command of the account in a folder to its end.
func (a Account) run(c *exec.Cmd, folder string) error {
	var said bytes.Buffer
	c.Dir, c.Stdout, c.Stderr = folder, &said, &said
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
