package portstest

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"testing"
)

func TestAPortIsGivenOnceThoughManyAsk(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]bool{}
	for range 20 {
		wg.Go(func() {
			addr, err := Take()
			mu.Lock()
			defer mu.Unlock()
			if err != nil || seen[addr] {
				t.Errorf("got %s again, or %v", addr, err)
			}
			seen[addr] = true
		})
	}
	wg.Wait()
}

func TestAServerComesBackOnItsPort(t *testing.T) {
	addr := Free(t)
	for range 3 {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARefusingAddressRefusesAndIsNobodyElses(t *testing.T) {
	addr := Refusing(t)
	if c, err := net.Dial("tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: got %v, %v, want it to be refused", c, err)
	}
	if l, err := net.Listen("tcp", addr); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listen: got %v, %v, want the address to be in use", l, err)
	}
}
