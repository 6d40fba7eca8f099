package payment

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store/storetest"
)

func TestACardIsRegisteredOnceWhateverTheKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		b := newBench(t, url)
		refs := make([]CardRef, 8)
		var registering sync.WaitGroup
		for i := range refs {
			registering.Go(func() {
				ref, err := b.RegisterCard(t.Context(), alice, fmt.Sprint("k", i), "pm_card_visa")
				if err != nil {
					t.Error(err)
				}
				refs[i] = ref
			})
		}
		registering.Wait()
		if slices.Sort(refs); refs[0] == "" || refs[0] != refs[len(refs)-1] {
			t.Errorf("one card got several references: %v", refs)
		}
		again, err := b.RegisterCard(t.Context(), alice, "k3", "pm_card_visa")
		if err != nil || again != refs[0] {
			t.Errorf("a repeat: got %s, %v; want %s", again, err, refs[0])
		}
		if _, err := b.RegisterCard(t.Context(), alice, "k3", "pm_card_slow"); problem.ReasonOf(err) != "idempotency_key_reused" {
			t.Errorf("the key of another card: got %v", err)
		}
		others, err := b.RegisterCard(t.Context(), "bob", "k3", "pm_card_visa")
		if err != nil || others == refs[0] {
			t.Errorf("another user with the same token: got %s, %v; want a reference of their own", others, err)
		}
	})
}
