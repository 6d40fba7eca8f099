package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"stormglass/internal/await"
)

// shown is the part of a page of the catalogue that tells how fresh it is.
type shown struct {
	ID       string
	Stale    bool
	Products []struct{ ID string }
	Degraded []string
}

func TestTheCatalogueAnswersFromCopiesWhileProductIsAway(t *testing.T) {
	t.Parallel()
	s := open(t, with("gateway", "CACHE_FRESH", "100ms"))
	paths := []string{"/v1/products/" + lamp, "/v1/products?text=lamp", "/v1/categories"}
	read := func(path string) (p shown, a answer) {
		a = s.ask(request{method: http.MethodGet, path: path}).must(t, http.StatusOK, &p)
		return p, a
	}
	before := map[string]shown{}
	for _, path := range paths {
		if before[path], _ = read(path); before[path].Stale {
			t.Errorf("%s: is stale while product is there", path)
		}
	}
	if err := s.process("product-1").Kill(); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		await.NoError(t, func() error {
			p, a := read(path)
			if !p.Stale || a.header.Get("X-Cache") != "stale" || a.header.Get("Warning") == "" {
				return fmt.Errorf("%s: got stale %v, X-Cache %q, Warning %q: want all to say that it is an older copy", path, p.Stale, a.header.Get("X-Cache"), a.header.Get("Warning"))
			}
			if p.ID != before[path].ID || !slices.Equal(p.Products, before[path].Products) {
				return fmt.Errorf("%s: got %+v, want the copy of %+v", path, p, before[path])
			}
			return nil
		})
	}
	a := s.askOnce(request{method: http.MethodGet, path: "/v1/products/desk-lamp-of-which-there-is-no-copy"})
	if p := a.refusal(t); a.status != http.StatusServiceUnavailable && a.status != http.StatusGatewayTimeout || a.header.Get("Retry-After") == "" {
		t.Errorf("without a copy: got %d %s, Retry-After %q: want word that it is away", a.status, p.Reason, a.header.Get("Retry-After"))
	}
	if err := s.process("product-1").Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		await.NoError(t, func() error {
			if p, _ := read(path); p.Stale {
				return fmt.Errorf("%s: is still stale", path)
			}
			return nil
		})
	}
}

func TestTheOrderPageDoesWithoutThePartsThatAreAway(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	c := s.customer("Ada Lovelace")
	o := c.place(c.basket(goodCard))
	whole := c.await(o.ID, "shipped")
	for part, service := range map[string]string{"shipment": "shipping-1", "payment": "payment-1"} {
		if err := s.process(service).Kill(); err != nil {
			t.Fatal(err)
		}
		p := c.page(o.ID)
		if p.Order != whole.Order || !slices.Equal(p.Degraded, []string{part}) {
			t.Errorf("without %s: got %+v, want the order and word that the %s is missing", service, p, part)
		}
		if (p.Payment == nil) != (part == "payment") || (p.Shipment == nil) != (part == "shipment") {
			t.Errorf("without %s: got payment %v and shipment %v", service, p.Payment, p.Shipment)
		}
		if err := s.process(service).Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		await.NoError(t, func() error {
			if p := c.page(o.ID); len(p.Degraded) > 0 || p.Payment == nil || p.Shipment == nil {
				return fmt.Errorf("with %s back: got %+v, want the whole page", service, p)
			}
			return nil
		})
	}
}
