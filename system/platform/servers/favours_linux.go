package servers

import "syscall"

// capDACOverride lets a process pass folders that are closed to its user (linux/capability.h).
const capDACOverride = 1

// favours are what a server is better started with, the best first. An own space for System V's shared memory is cleared away by
// the kernel behind its last process. And a server that root starts as somebody else may so enter the folders of root's that its
// own lies in, such as /root.
func favours(as *syscall.Credential) []syscall.SysProcAttr {
	if as == nil {
		return []syscall.SysProcAttr{{Unshareflags: syscall.CLONE_NEWIPC}}
	}
	enter := []uintptr{capDACOverride}
	return []syscall.SysProcAttr{{Unshareflags: syscall.CLONE_NEWIPC, AmbientCaps: enter}, {AmbientCaps: enter}}
}
