package stack

import (
	"net"
	"slices"
	"strings"
	"testing"
)

// callers lists who shares the network on which alone a host's name is, and can so reach what listens there.
func (s *Stack) callers(host string) []string {
	own := s.find(host)
	var found []string
	for _, network := range s.listeners(host) {
		for _, name := range s.Names() {
			if _, on := s.Services[name].Networks[network]; on && name != own && !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	slices.Sort(found)
	return found
}

func TestOnlyWhoMustReachesPaymentAndTheCardProcessor(t *testing.T) {
	for host, want := range map[string]struct{ shop, all []string }{
		"payment-door":        {[]string{"gateway"}, []string{"gateway", "toxiproxy"}},
		"payment-admin":       {nil, []string{"jaeger", "prometheus"}},
		"card-processor-door": {[]string{"payment"}, []string{"payment", "toxiproxy"}},
	} {
		if got := laid(t, "shop").callers(host); !slices.Equal(got, want.shop) {
			t.Errorf("%s: in the shop's layer %v reach it, want %v", host, got, want.shop)
		}
		if got := everything(t).callers(host); !slices.Equal(got, want.all) {
			t.Errorf("%s: with all layers %v reach it, want %v", host, got, want.all)
		}
	}
}

func TestPaymentAndTheCardProcessorListenWhereOnlyTheseAre(t *testing.T) {
	s := everything(t)
	for name, settings := range map[string][]string{"payment": {"GRPC_ADDR", "ADMIN_ADDR"}, "card-processor": {"HTTP_ADDR"}} {
		for _, setting := range settings {
			host, _, err := net.SplitHostPort(s.Services[name].Environment[setting])
			if err != nil || host == name || s.find(host) != name || len(s.listeners(host)) != 1 {
				t.Errorf("%s of %s is %q, want a name that it has on one network only", setting, name, s.Services[name].Environment[setting])
			}
		}
	}
}

// TestNobodyGetsAroundThePartitionByAProxy: a proxy listens on its link's network, so that who reaches the proxy is on the
// network of client and server anyway.
func TestNobodyGetsAroundThePartitionByAProxy(t *testing.T) {
	s := everything(t)
	for _, l := range linksOf(t, s) {
		host, _, _ := strings.Cut(l.Listen, ":")
		if got := s.listeners(host); !slices.Equal(got, []string{l.Network}) {
			t.Errorf("%s: its proxy listens on %v, want %s", l, got, l.Network)
		}
		if !slices.Contains(s.listeners(l.Host), l.Network) {
			t.Errorf("%s: the server does not listen on %s", l, l.Network)
		}
	}
}

// TestTheFaultInjectorIsReachedFromThisMachineAndByOperatorsOnly: Docker leads a published port to the first network that
// is not internal, by name; Toxiproxy's API listens on one network alone, which must be that one.
func TestTheFaultInjectorIsReachedFromThisMachineAndByOperatorsOnly(t *testing.T) {
	s := everything(t)
	var outward []string
	for network := range s.Services["toxiproxy"].Networks {
		if !s.Networks[network].Internal {
			outward = append(outward, network)
		}
	}
	if got := s.listeners("toxiproxy-api"); len(outward) == 0 || !slices.Equal(got, []string{slices.Min(outward)}) {
		t.Errorf("the API listens on %v, Docker leads its port to the first of %v", got, outward)
	}
	for _, caller := range s.callers("toxiproxy-api") {
		if slices.Contains(laid(t, "shop").Names(), caller) {
			t.Errorf("%s can reach the fault injector", caller)
		}
	}
}
