package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stormglass/chaos/cell"
	"stormglass/chaos/fault"
	"stormglass/scenarios/model"
	shopmodel "stormglass/scenarios/shop"
)

// histories is how many random histories are compared with the model; a tenth of them while faults go on.
var histories = flag.Int("histories", 40, "how many random histories of the shop are compared with its model")

const (
	sideBySide = 8 // histories at a time
	replays    = 5 // of a history that does not fit
)

// draws draws a plan's choices, so that rapid can look for a smaller plan.
type draws struct{ t *rapid.T }

func (d draws) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(d.t, "choice") }

func TestTheShopIsAsItsModel(t *testing.T) {
	t.Parallel()
	s := open(t, all(with("gateway", "RATE_LIMIT_ADDRESS", "100000"), with("gateway", "RATE_LIMIT_USER", "100000"),
		with("user", "HASH_MEMORY_KIB", "64"), with("user", "HASH_TIME", "1"), with("user", "ACCESS_TOKEN_LIFE", "24h"),
		func(o *cell.Options) { o.Abrupt = []string{"gateway -> cart", "gateway -> order"} }))
	keeper := s.customer("Staff")
	keeper.staff()
	oracle, err := shopmodel.NewOracle(t.Context(), s.Public(), uint64(time.Now().UnixNano()), sideBySide, keeper.token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(oracle.Close)
	sold := &sales{pieces: map[string]int64{}}
	faulty := max(1, *histories/10)
	if !t.Run("without faults", func(t *testing.T) { compare(t, oracle, model.Faults{}, *histories-faulty, sold) }) {
		return
	}
	mend := s.disturb()
	fits := t.Run("with faults", func(t *testing.T) { compare(t, oracle, model.Faults{Any: true}, faulty, sold) })
	if mend(); fits {
		s.settle()
		sold.check(s)
	}
}

// compare plays so many histories, several at a time.
func compare(t *testing.T, oracle *shopmodel.Oracle, faults model.Faults, n int, sold *sales) {
	for flagName, value := range map[string]string{"rapid.checks": fmt.Sprint((n + sideBySide - 1) / sideBySide), "rapid.nofailfile": "true"} {
		if err := flag.Set(flagName, value); err != nil {
			t.Fatal(err)
		}
	}
	var played, open atomic.Int64
	defer func() {
		if t.Logf("%d histories, of which %d could not be decided in time", played.Load(), open.Load()); open.Load()*2 > played.Load() {
			t.Errorf("most histories could not be decided")
		}
	}()
	t.Run("side by side", func(t *testing.T) {
		for i := range sideBySide {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				var unfit *model.Plan
				t.Cleanup(func() {
					if unfit != nil {
						replay(t, oracle, *unfit, faults)
					}
				})
				rapid.Check(t, func(rt *rapid.T) {
					plan := model.Draw(draws{rt}, true, true)
					calls, err := oracle.Play(t.Context(), plan)
					broken, undecided := model.Check(calls, faults)
					sold.add(calls)
					played.Add(1)
					open.Add(int64(min(1, len(undecided))))
					if err != nil || len(broken) > 0 {
						unfit = &plan
						rt.Fatalf("%s\n%v", strings.Join(broken, "\n"), err)
					}
				})
			})
		}
	})
}

// disturb makes faults on the way to carts and orders, again and again, and gives the way to end them.
func (s *shop) disturb() (end func()) {
	var mends []func()
	for _, spec := range []fault.Spec{
		{Link: "gateway -> cart", Do: "reset", For: time.Hour, On: 20 * time.Millisecond, Off: 700 * time.Millisecond},
		{Link: "gateway -> order", Do: "reset", For: time.Hour, On: 20 * time.Millisecond, Off: 900 * time.Millisecond},
		{Link: "cart -> broker", Do: "delay", For: time.Hour, Latency: 150 * time.Millisecond, Jitter: 100 * time.Millisecond},
	} {
		mends = append(mends, s.strike(spec))
	}
	return func() {
		for _, mend := range mends {
			mend()
		}
	}
}

// replay plays a history that did not fit several times more, says how often it did not fit again, and how to play it by hand.
func replay(t *testing.T, oracle *shopmodel.Oracle, plan model.Plan, faults model.Faults) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	again := 0
	var last []model.Call
	for range replays {
		calls, err := oracle.Play(ctx, plan)
		broken, _ := model.Check(calls, faults)
		if err != nil || len(broken) > 0 {
			again++
			last = calls
		}
		if last == nil {
			last = calls
		}
	}
	t.Logf("played again %d times, the history did not fit %d times; as a script:\n%s", replays, again, shopmodel.Script(last))
}

// sales are the pieces and the money of the orders that were shipped.
type sales struct {
	mu     sync.Mutex
	pieces map[string]int64
	money  int64
}

func (a *sales) add(calls []model.Call) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range calls {
		for _, o := range c.Orders {
			if o.State != "shipped" {
				continue
			}
			a.money += o.Total
			for product, pieces := range o.Lines {
				a.pieces[product] += pieces
			}
		}
	}
}

// check holds what the histories bought against inventory's table and the card processor's ledger.
func (a *sales) check(s *shop) {
	s.t.Helper()
	var wrong []error
	for _, row := range rows[stock](s, "inventory", "stock") {
		if row.Sold != a.pieces[row.Product] || row.Reserved != 0 || row.Available < 0 {
			wrong = append(wrong, fmt.Errorf("inventory sold %d of %s and reserves %d; %d were shipped", row.Sold, row.Product, row.Reserved, a.pieces[row.Product]))
		}
	}
	kept := int64(0)
	for _, i := range s.charges("") {
		kept += i.kept()
	}
	if kept != a.money {
		wrong = append(wrong, fmt.Errorf("the card processor keeps %d, and orders over %d were shipped", kept, a.money))
	}
	if err := errors.Join(wrong...); err != nil {
		s.t.Error(err)
	}
}
