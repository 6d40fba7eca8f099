package backendtest

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is who runs a server: PostgreSQL refuses to run as root, and the others need not.
type account struct{ credential *syscall.Credential }

// unprivileged is ourselves, or for root the user postgres or nobody.
func unprivileged() (account, error) {
	if os.Getuid() != 0 {
		return account{}, nil
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
			return account{}, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		return account{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, err
	}
	return account{}, failed
}

// attributes start a process as the account, in a process group of its own, so that Ctrl-C reaches the tests and not
// the server, which ends after them.
func (a account) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: a.credential}
}

// own gives files to the account.
func (a account) own(paths ...string) error {
	if a.credential == nil {
		return nil
	}
	var failed error
	for _, path := range paths {
		failed = errors.Join(failed, os.Chown(path, int(a.credential.Uid), int(a.credential.Gid)))
	}
	return failed
}
