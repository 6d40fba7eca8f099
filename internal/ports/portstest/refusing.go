package portstest

import (
	"net/netip"
	"os"
	"syscall"
	"testing"
)

// Refusing gives an address that refuses connections until the test ends. A socket holds its port without listening on it,
// so that nobody else can begin to.
func Refusing(tb testing.TB) string {
	tb.Helper()
	addr, release, err := refuse()
	if err != nil {
		tb.Fatal(os.NewSyscallError("hold a port that refuses connections", err))
	}
	tb.Cleanup(release)
	return addr
}

func refuse() (addr string, release func(), err error) {
	syscall.ForkLock.RLock() // a child that inherited the socket would hold the port for longer
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return "", nil, err
	}
	release = func() { _ = syscall.Close(fd) } // nothing was sent that could be lost
	if addr, err = bind(fd); err != nil {
		release()
		return "", nil, err
	}
	return addr, release, nil
}

// bind takes a port that the kernel chooses. Without SO_REUSEADDR nobody else may have it too.
func bind(fd int) (string, error) {
	loopback := netip.MustParseAddr("127.0.0.1").As4()
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: loopback}); err != nil {
		return "", err
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return "", err
	}
	bound, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		return "", syscall.EAFNOSUPPORT
	}
	return netip.AddrPortFrom(netip.AddrFrom4(bound.Addr), uint16(bound.Port)).String(), nil
}
