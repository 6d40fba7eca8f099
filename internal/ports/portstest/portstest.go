// Package portstest gives tests addresses on which they can rely: free ones for servers, and ones that refuse connections.
package portstest

import (
	"sync"
	"testing"

	"stormglass/internal/ports"
)

// given are the ports of this test program. It gives none twice: a client of an earlier test that still tries to reconnect
// must not find a later test's server.
var given struct {
	sync.Mutex
	*ports.Ports
}

// Take gives the address of a port for a server that may start on it, stop and start again. It is reserved until the test
// program ends.
func Take() (string, error) {
	given.Lock()
	defer given.Unlock()
	if given.Ports == nil {
		all, err := ports.New()
		if err != nil {
			return "", err
		}
		given.Ports = all
	}
	return given.Ports.Take()
}

// Free is Take for a test, which it fails when there is no port.
func Free(tb testing.TB) string {
	tb.Helper()
	addr, err := Take()
	if err != nil {
		tb.Fatal(err)
	}
	return addr
}
