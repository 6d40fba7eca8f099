//go:build !linux

package servers

import "syscall"

// favours are none here: other systems have one space of shared memory for all, and no single rights.
func favours(*syscall.Credential) []syscall.SysProcAttr { return nil }
