package main

import (
	"bytes"
	"maps"
	"net"
	"net/http"
	"strings"
	"testing"

	"stormglass/system/platform/boot"
)

func TestEveryStandInOfTheShopServesAndStops(t *testing.T) {
	for name := range units(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := begin(t, prepare(t, name, t.TempDir()))
			for _, path := range []string{"/livez", "/metrics"} {
				if status, body, err := get("http://" + p.addr["http"] + path); err != nil || status != http.StatusOK || body == "" {
					t.Errorf("%s: got %d %q, %v", path, status, body, err)
				}
			}
			for port, addr := range p.addr {
				if c, err := net.Dial("tcp", addr); err != nil {
					t.Errorf("port %s: %v", port, err)
				} else if err := c.Close(); err != nil {
					t.Error(err)
				}
			}
			if code := p.stop(t); code != boot.ExitOK {
				t.Errorf("got exit code %d, want 0\n%s", code, &p.output)
			}
		})
	}
}

func TestTheShopNamesNoStandInThatIsNotThere(t *testing.T) {
	found := units(t)
	maps.Copy(found, tier(t, "local"))
	for _, s := range standins() {
		if _, named := found[s.name]; !named {
			t.Errorf("shop.yaml does not name %s", s.name)
		}
		delete(found, s.name)
	}
	for name := range found {
		t.Errorf("there is no stand-in %s, which shop.yaml names", name)
	}
}

func TestAWrongCommandIsExplained(t *testing.T) {
	for name, args := range map[string][]string{"none": nil, "unknown": {"bank"}, "two": {"cache", "broker"}} {
		var stdout, stderr bytes.Buffer
		if code := start(args, &stdout, &stderr); code != boot.ExitUsage {
			t.Errorf("%s: got exit code %d, want 2", name, code)
		}
		if !strings.Contains(stderr.String(), "card-processor") || (name == "unknown" && !strings.Contains(stderr.String(), `"bank"`)) {
			t.Errorf("%s: got message %q, want the list of stand-ins", name, &stderr)
		}
	}
}

func TestAPortInUseIsNamed(t *testing.T) {
	for name, u := range units(t) {
		for port := range u.Ports {
			t.Run(name+"/"+port, func(t *testing.T) {
				t.Parallel()
				p := prepare(t, name, t.TempDir())
				l, err := net.Listen("tcp", p.addr[port])
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				if code, output := p.end(t); code != boot.ExitUsage || !strings.Contains(output, p.addr[port]) {
					t.Errorf("got exit code %d and %q, want 2 and the address", code, output)
				}
			})
		}
	}
}

func TestMissingSettingsAreNamed(t *testing.T) {
	for name, u := range units(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := prepare(t, name, t.TempDir())
			p.Env = p.Env[:2] // none of its own
			code, output := p.end(t)
			if code != boot.ExitUsage {
				t.Errorf("got exit code %d, want 2", code)
			}
			for _, setting := range u.Ports {
				if !strings.Contains(output, setting) {
					t.Errorf("got %q, want a word on %s", output, setting)
				}
			}
		})
	}
}

func TestHealthcheckTellsReadyFromNot(t *testing.T) {
	p := begin(t, prepare(t, "carrier", t.TempDir()))
	t.Setenv("HTTP_ADDR", p.addr["http"])
	var out bytes.Buffer
	if code := start([]string{"healthcheck"}, &out, &out); code != boot.ExitOK {
		t.Errorf("ready: got exit code %d, %s", code, &out)
	}
	p.kill()
	if code := start([]string{"healthcheck"}, &out, &out); code != boot.ExitError {
		t.Errorf("dead: got exit code %d, %s", code, &out)
	}
}
