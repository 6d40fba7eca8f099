package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"stormglass/chaos/fault"
	"stormglass/internal/await"
)

// health is the body of /readyz.
type health struct {
	Ready             bool
	Failing, Degraded map[string]string
	status            int
}

func (s *shop) health(instance string) (h health) {
	s.t.Helper()
	resp, err := s.web.Get("http://" + s.instance(instance).Addrs["admin"] + "/readyz")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&h); err != nil {
		s.t.Fatal(err)
	}
	h.status = resp.StatusCode
	return h
}

// becomes waits until an instance's health is as wanted.
func (s *shop) becomes(instance string, what string, wanted func(health) bool) {
	s.t.Helper()
	await.NoError(s.t, func() error {
		if h := s.health(instance); !wanted(h) || h.Ready != (h.status == http.StatusOK) {
			return fmt.Errorf("%s: got %+v, want it %s", instance, h, what)
		}
		return nil
	})
}

func well(h health) bool { return h.Ready && len(h.Failing) == 0 && len(h.Degraded) == 0 }

func TestAServiceIsNotReadyWithoutItsOwnDatabase(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, service := range []string{"user", "order", "inventory", "payment", "shipping", "notification"} {
		s.becomes(service+"-1", "well", well)
		mend := s.strike(fault.Spec{Link: service + " -> " + service + "-db", Do: "refuse", For: time.Hour})
		s.becomes(service+"-1", "not ready", func(h health) bool { return !h.Ready && h.Failing[service+"-db"] != "" })
		if resp, err := s.web.Get("http://" + s.instance(service + "-1").Addrs["admin"] + "/livez"); err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s without its database: /livez gives %v (%v), want it alive: a restart would not help", service, resp, err)
		} else {
			resp.Body.Close()
		}
		mend()
		s.becomes(service+"-1", "well again", well)
	}
}

func TestAServiceIsDegradedButReadyWithoutTheBroker(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	services := []string{"user", "cart", "order", "inventory", "payment", "shipping", "notification"}
	if err := s.process("broker-1").Kill(); err != nil {
		t.Fatal(err)
	}
	for _, service := range services {
		s.becomes(service+"-1", "degraded and ready", func(h health) bool { return h.Ready && h.Degraded["broker"] != "" })
	}
	c := s.customer("Ada Lovelace")
	o := c.place(c.basket(goodCard)) // is accepted: the outbox waits
	if err := s.process("broker-1").Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, service := range services {
		s.becomes(service+"-1", "well again", well)
	}
	c.await(o.ID, "shipped")
}
