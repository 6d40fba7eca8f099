//go:build !linux

package servers

import "syscall"

// apart changes nothing here: other systems have one space for all.
func apart(attr *syscall.SysProcAttr) *syscall.SysProcAttr { return attr }
