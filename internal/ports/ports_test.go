package ports

import (
	"net"
	"strings"
	"testing"
)

func TestPortsStayOutOfTheEphemeralRange(t *testing.T) {
	for name, c := range map[string]struct{ ephemeral, want span }{
		"Linux":       {span{32768, 60999}, span{20000, 31999}},
		"macOS":       {span{49152, 65535}, span{20000, 31999}},
		"low and few": {span{1024, 5000}, span{20000, 31999}},
		"cuts into":   {span{25000, 60999}, span{10000, 24999}},
		"from below":  {span{10000, 30000}, span{30001, 65535}},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := outside(c.ephemeral); err != nil || got != c.want {
				t.Errorf("got %v, %v; want %v", got, err, c.want)
			}
		})
	}
	if _, err := outside(span{1024, 65535}); err == nil || !strings.Contains(err.Error(), "ip_local_port_range") {
		t.Errorf("got error %v, want one that says what to set", err)
	}
}

func TestTwoHarnessesDrawFromDifferentBlocks(t *testing.T) {
	seen := map[string]bool{}
	for range 2 {
		p, err := New()
		if err != nil {
			t.Fatal(err)
		}
		defer p.Release()
		for range blockSize + 10 { // more than one block
			addr, err := p.Take()
			if err != nil {
				t.Fatal(err)
			}
			if seen[addr] {
				t.Fatalf("%s was given twice", addr)
			}
			seen[addr] = true
		}
	}
}

func TestATakenPortIsPassedOver(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	first, err := p.Take()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", first)
	if err != nil {
		t.Fatalf("a port that was given is not free: %v", err)
	}
	defer l.Close()
	p.next-- // as if it had not been tried
	if again, err := p.Take(); err != nil || again == first {
		t.Errorf("got %s, %v; want another than %s", again, err, first)
	}
}

func TestReleasedBlocksAreGivenAgain(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Take(); err != nil {
		t.Fatal(err)
	}
	block := p.held[0].Addr().String()
	if err := p.Release(); err != nil {
		t.Fatal(err)
	}
	if err := Probe(block); err != nil {
		t.Error(err)
	}
}
