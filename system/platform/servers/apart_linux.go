package servers

import "syscall"

// apart gives a process an own space for System V's shared memory, which the kernel clears away behind its last process.
func apart(attr *syscall.SysProcAttr) *syscall.SysProcAttr {
	attr.Unshareflags = syscall.CLONE_NEWIPC
	return attr
}
