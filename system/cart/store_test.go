package cart

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"stormglass/internal/await"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

func someone() UserID { return UserID(uuid.NewString()) }

func adding(item Item) func(*Cart) error { return func(c *Cart) error { return c.set(item) } }

func emptying(c *Cart) error {
	c.Items = nil
	return nil
}

// change changes a cart, and fails the test if it cannot.
func change(t *testing.T, s *carts, user UserID, how func(*Cart) error) Cart {
	t.Helper()
	c, err := s.Change(t.Context(), user, how)
	if err != nil {
		t.Fatalf("change cart: %v", err)
	}
	return c
}

func load(t *testing.T, s *carts, user UserID) Cart {
	t.Helper()
	c, err := s.Load(t.Context(), user)
	if err != nil {
		t.Fatalf("load cart: %v", err)
	}
	return c
}

func TestCartIsReadBackAsItWasChanged(t *testing.T) {
	each(t, func(t *testing.T, address string) {
		s, user := connected(t, address, patientPolicy(t), time.Hour), someone()
		if got := load(t, s, user); got.Version != 0 || len(got.Items) != 0 {
			t.Errorf("before the first change: got %+v, want nothing at version 0", got)
		}
		want := change(t, s, user, adding(line("lamp", 2, 1999)))
		got := load(t, s, user)
		if fmt.Sprint(got) != fmt.Sprint(want) || len(got.Items) != 1 || got.Version == 0 {
			t.Errorf("got %v, want %v", got, want)
		}
		if other := load(t, s, someone()); len(other.Items) != 0 {
			t.Errorf("somebody else's cart: got %v, want nothing", other)
		}
	})
}

func TestVersionRisesWithEachItemThatIsSetAndWithOtherChanges(t *testing.T) {
	each(t, func(t *testing.T, address string) {
		s, user := connected(t, address, patientPolicy(t), time.Hour), someone()
		var last Version
		for _, step := range []struct {
			what  string
			how   func(*Cart) error
			rises bool
		}{
			{"first item", adding(line("lamp", 1, 100)), true},
			{"the same again, which may have been ordered", adding(line("lamp", 1, 100)), true},
			{"another price", adding(line("lamp", 1, 101)), true},
			{"remove what is not there", func(c *Cart) error { c.remove("desk"); return nil }, false},
			{"clear", emptying, true},
			{"clear again", emptying, false},
			{"first item again", adding(line("lamp", 1, 100)), true},
		} {
			got := change(t, s, user, step.how).Version
			if rose := got > last; rose != step.rises || got < last {
				t.Errorf("%s: version %d after %d", step.what, got, last)
			}
			last = got
		}
	})
}

func TestCartExpiresAndItsVersionDoesNot(t *testing.T) {
	each(t, func(t *testing.T, address string) {
		s, user := connected(t, address, patientPolicy(t), 50*time.Millisecond), someone()
		before := change(t, s, user, adding(line("lamp", 1, 100)))
		await.NoError(t, func() error {
			c, err := s.Load(t.Context(), user)
			if len(c.Items) > 0 {
				return errors.New("the cart still holds something")
			}
			return err
		})
		if got := load(t, s, user).Version; got != before.Version {
			t.Errorf("version after expiry: got %d, want %d", got, before.Version)
		}
		if got := change(t, s, user, adding(line("lamp", 1, 100))).Version; got <= before.Version {
			t.Errorf("next version: got %d, want more than %d", got, before.Version)
		}
	})
}

func TestOrderedLinesLeaveTheCartAndLaterOnesStay(t *testing.T) {
	each(t, func(t *testing.T, address string) {
		s, user := connected(t, address, patientPolicy(t), time.Hour), someone()
		change(t, s, user, adding(line("lamp", 1, 100)))
		ordered := change(t, s, user, adding(line("rug", 1, 100))).Version
		change(t, s, user, adding(line("desk", 1, 100)))
		change(t, s, user, adding(line("rug", 1, 100))) // the same again is the next order's
		products := func() (ids []ProductID) {
			for _, item := range load(t, s, user).Items {
				ids = append(ids, item.Product)
			}
			slices.Sort(ids)
			return ids
		}
		remove := func(c *Cart) error { c.removeOrdered(ordered); return nil }
		removed := change(t, s, user, remove)
		if got := products(); fmt.Sprint(got) != "[desk rug]" {
			t.Errorf("after the order of the lamp and the first rug: got %v, want the desk and the second rug", got)
		}
		if again := change(t, s, user, remove); again.Version != removed.Version || len(again.Items) != 2 {
			t.Errorf("the event came again: got %+v, want %+v", again, removed)
		}
		change(t, s, user, func(c *Cart) error { c.removeOrdered(removed.Version); return nil })
		if got := products(); len(got) != 0 {
			t.Errorf("after the order of all that was left: got %v, want nothing", got)
		}
	})
}

// Carts of earlier builds have no versions in their lines: those are as old as the cart.
func TestLinesWithoutVersionsAreAsOldAsTheirCart(t *testing.T) {
	m := serveMini(t)
	s, user := connected(t, m.Addr(), patientPolicy(t), time.Hour), someone()
	for key, value := range map[string]string{
		itemsKey(user): `[{"product":"lamp","title":"A lamp","quantity":1,"unit_price":{"minor":100,"currency":"EUR"}}]`, versionKey(user): "7",
	} {
		if err := m.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	change(t, s, user, adding(line("desk", 1, 100)))
	got := change(t, s, user, func(c *Cart) error { c.removeOrdered(7); return nil })
	if len(got.Items) != 1 || got.Items[0].Product != "desk" {
		t.Errorf("after the order of version 7: got %v, want the desk", got.Items)
	}
}

// A cache that lost everything counts on from the time, so an order of before cannot clear a cart of after.
func TestLostCacheGivesNoVersionTwice(t *testing.T) {
	m := serveMini(t)
	s, user := connected(t, m.Addr(), patientPolicy(t), time.Hour), someone()
	before := change(t, s, user, adding(line("lamp", 1, 100))).Version
	m.FlushAll()
	await.NoError(t, func() error {
		if time.Now().UnixMilli() <= int64(before) {
			return errors.New("the clock has not moved yet")
		}
		return nil
	})
	if after := change(t, s, user, adding(line("lamp", 1, 100))).Version; after <= before {
		t.Errorf("version after the loss: got %d, want more than %d", after, before)
	}
}

func TestConcurrentChangesAreAllKept(t *testing.T) {
	each(t, func(t *testing.T, address string) {
		user := someone()
		instances := []*carts{connected(t, address, patientPolicy(t), time.Hour), connected(t, address, patientPolicy(t), time.Hour)}
		var mu sync.Mutex
		var wg sync.WaitGroup
		versions := map[Version]bool{}
		const products = 6
		for i := range products {
			wg.Go(func() {
				s := instances[i%len(instances)]
				for q := range int64(5) {
					c, err := s.Change(t.Context(), user, adding(line(ProductID(fmt.Sprint(i)), q+1, 100)))
					if err != nil {
						t.Errorf("product %d: %v", i, err)
						return
					}
					mu.Lock()
					if versions[c.Version] {
						t.Errorf("version %d was given twice", c.Version)
					}
					versions[c.Version] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		c := load(t, instances[0], user)
		if len(c.Items) != products {
			t.Fatalf("lines: got %d, want %d", len(c.Items), products)
		}
		for _, item := range c.Items {
			if item.Quantity != 5 {
				t.Errorf("product %s: got quantity %d, want the last one, 5", item.Product, item.Quantity)
			}
		}
	})
}

// The harness takes an audit that differs from the one before for a shop that is still at work.
func TestTwoAuditsOfTheSameCartsAreTheSame(t *testing.T) {
	each(t, func(t *testing.T, address string) {
		s := connected(t, address, patientPolicy(t), time.Hour)
		for range 40 {
			change(t, s, someone(), adding(line("lamp", 2, 100)))
		}
		rows, err := s.rows(t.Context())
		if err != nil || len(rows) < 40 {
			t.Fatalf("got %d carts (%v), want 40 at least", len(rows), err)
		}
		if !slices.IsSortedFunc(rows, func(a, b row) int { return strings.Compare(string(a.User), string(b.User)) }) {
			t.Errorf("the carts are not in the order of their users: %v", rows)
		}
	})
}

func TestAuditShowsCartsAndNoTitles(t *testing.T) {
	each(t, func(t *testing.T, address string) {
		s, user := connected(t, address, patientPolicy(t), time.Hour), someone()
		c := change(t, s, user, adding(line("lamp", 2, 100)))
		rows, err := s.rows(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, r := range rows {
			found = found || r.User == user && r.Version == c.Version && strings.Contains(r.Items, "lamp")
		}
		if !found {
			t.Errorf("got %v, want the cart of %s", rows, user)
		}
	})
}

func TestServerThatCannotServeIsAnOutage(t *testing.T) {
	for said, want := range map[string]problem.Code{
		"LOADING Redis is loading the dataset in memory":                    problem.Unavailable,
		"READONLY You can't write against a read only replica.":             problem.Unavailable,
		"WRONGTYPE Operation against a key holding the wrong kind of value": problem.Internal,
	} {
		m := serveMini(t)
		once := patientPolicy(t)
		once.Attempts = 1
		s := connected(t, m.Addr(), once, time.Hour)
		load(t, s, someone())
		m.SetError(said)
		before := m.CommandCount()
		_, err := s.Load(t.Context(), someone())
		if got := problem.CodeOf(err); got != want {
			t.Errorf("%s: got %s (%v), want %s", said, got, err, want)
		}
		if got := m.CommandCount() - before; got > 1 {
			t.Errorf("%s: one attempt was %d commands on the wire", said, got)
		}
	}
}

// One attempt under the policy is one attempt on the wire: the client must not repeat by itself.
func TestBrokenConnectionIsNotRetriedByTheClient(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var accepted atomic.Int64
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			conn.Close()
		}
	})
	defer done.Wait()
	defer l.Close()
	once := patientPolicy(t)
	once.Attempts = 1
	s := connected(t, l.Addr().String(), once, time.Hour)
	_, err = s.Load(t.Context(), someone())
	if got, want := problem.CodeOf(err), problem.Unavailable; got != want {
		t.Errorf("got %s (%v), want %s", got, err, want)
	}
	if got, want := accepted.Load(), int64(1); got != want {
		t.Errorf("connections for one attempt: got %d, want %d", got, want)
	}
}

func TestSilentCacheIsATimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	short := patientPolicy(t)
	short.Deadline, short.Attempts, short.AttemptTimeout = 30*time.Second, 1, 100*time.Millisecond
	s := connected(t, l.Addr().String(), short, time.Hour)
	start := time.Now()
	_, err = s.Load(t.Context(), someone())
	if got, want := problem.CodeOf(err), problem.Timeout; got != want {
		t.Errorf("got %s (%v), want %s", got, err, want)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v, want about the attempt's 100 ms", took)
	}
}

func TestWrongURLNamesTheSettingAndNotThePassword(t *testing.T) {
	tel := telemetry.Discard("cart")
	link, err := resilience.New(tel, "cart", "cache", patientPolicy(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []boot.Secret{"mongodb://:hunter2@host", "redis://:hunter2@host/x", "hunter2"} {
		_, err := connect(tel, link, url)
		if !errors.Is(err, boot.ErrUsage) || !strings.Contains(err.Error(), "CACHE_URL") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want a usage error that names CACHE_URL and keeps the password", err)
		}
	}
}
