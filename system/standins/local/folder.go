package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// The files in a server's folder that are ours.
const (
	lockFile     = "lock"
	preparedFile = "prepared"
)

// takeWithin is how long a killed server's processes may take to be gone.
const takeWithin = 10 * time.Second

// take makes the folder and locks it for the server. The lock goes on to all processes of the server, and the kernel drops it
// with the last of them: so a server that starts again after a kill never meets a straggler of its former life.
func (s *server) take(ctx context.Context) (*os.File, error) {
	if err := os.MkdirAll(s.folder, 0o755); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	if err := s.as.Own(s.folder); err != nil {
		return nil, fmt.Errorf("give away folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(s.folder, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock folder: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, takeWithin)
	defer cancel()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		select {
		case <-time.After(askEvery):
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("lock folder: another server works in %s: %w", s.folder, err), f.Close())
		}
	}
}

// prepare makes what the server needs once. What an earlier try left half done is made anew.
func (s *server) prepare() error {
	done := filepath.Join(s.folder, preparedFile)
	if _, err := os.Stat(done); err == nil || s.Prepare == nil {
		return s.forget()
	}
	if err := os.RemoveAll(filepath.Join(s.folder, s.Data)); err != nil {
		return fmt.Errorf("clear folder: %w", err)
	}
	if err := s.Prepare(s.folder, s.as); err != nil {
		return fmt.Errorf("prepare %s: %w%s", s.folder, err, s.entrance())
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		return fmt.Errorf("note that the folder is prepared: %w", err)
	}
	return nil
}

// forget removes what a killed server left to keep others out of its folder. Its number may be another process's by now, or
// a dead one's that nobody has buried, and who holds the lock knows that it is gone.
func (s *server) forget() error {
	if s.Claim == "" {
		return nil
	}
	if err := os.Remove(filepath.Join(s.folder, s.Claim)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("clear folder: %w", err)
	}
	return nil
}

// entrance names a folder above that the server's account cannot enter, which its own message does not.
func (s *server) entrance() string {
	if s.as.Credential == nil {
		return ""
	}
	for dir := filepath.Dir(s.folder); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o001 == 0 {
			return fmt.Sprintf("\nroot gives it to user %d, who may not enter %s (%s): choose a folder outside, or run as another user than root",
				s.as.Credential.Uid, dir, info.Mode())
		}
	}
	return ""
}
