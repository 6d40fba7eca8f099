package user

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	eventsv1 "stormglass/system/api/events/v1"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
)

// event reads the newest event of a type from the outbox.
func (w world) event(typ string, into proto.Message) {
	w.t.Helper()
	var data []byte
	err := w.db.Read(w.t.Context(), "read outbox", func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT data FROM outbox WHERE type = $1 ORDER BY id DESC LIMIT 1`, typ).Scan(&data)
	})
	if err == nil {
		err = proto.Unmarshal(data, into)
	}
	if err != nil {
		w.t.Fatalf("read %s: %v", typ, err)
	}
}

func TestARegistrationIsAnAccountAndAnEvent(t *testing.T) {
	each(t, func(w world) {
		u := w.registered()
		got, err := w.Profile(w.t.Context(), u.ID)
		if err != nil || got.Email != "ada@example.org" || got.Name != ada().Name || got.Phone != ada().Phone || got.Version != 1 {
			w.t.Errorf("got %+v, %v", got, err)
		}
		var e eventsv1.UserRegistered
		w.event("user.registered.v1", &e)
		want := &eventsv1.UserRegistered{UserId: string(u.ID), Email: "ada@example.org", Name: ada().Name, Phone: ada().Phone}
		if !proto.Equal(&e, want) {
			w.t.Errorf("got event %v, want %v", &e, want)
		}
		_, err = w.Profile(w.t.Context(), "nobody")
		wantProblem(w.t, err, problem.NotFound, "user_not_found")
	})
}

func TestARepeatedRegistrationGivesTheSameAccount(t *testing.T) {
	each(t, func(w world) {
		u := w.registered()
		if again := w.registered(); again.ID != u.ID {
			w.t.Errorf("got account %s, want %s", again.ID, u.ID)
		}
		w.wantCount(1, `SELECT COUNT(*) FROM users`)
		w.wantCount(1, `SELECT COUNT(*) FROM outbox`)
	})
}

func TestAKeyUsedForAnotherAccountIsRefused(t *testing.T) {
	each(t, func(w world) {
		w.registered()
		for name, change := range map[string]func(*Registration){
			"e-mail":   func(r *Registration) { r.Email = "eve@example.org" },
			"password": func(r *Registration) { r.Password = "incorrect horse" },
			"name":     func(r *Registration) { r.Name = "Eve" },
			"phone":    func(r *Registration) { r.Phone = "" },
		} {
			r := ada()
			change(&r)
			_, err := w.Register(w.t.Context(), r)
			w.t.Log(name)
			wantProblem(w.t, err, problem.Conflict, "idempotency_key_reused")
		}
	})
}

func TestAnEmailBelongsToOneAccountHoweverItIsWritten(t *testing.T) {
	each(t, func(w world) {
		w.registered()
		r := ada()
		r.Key, r.Email = "another key", "ADA@EXAMPLE.ORG"
		_, err := w.Register(w.t.Context(), r)
		wantProblem(w.t, err, problem.Conflict, "email_taken")
		r.Email = "eve@example.org"
		eve, err := w.Register(w.t.Context(), r)
		if err != nil {
			w.t.Fatal(err)
		}
		_, err = w.Update(w.t.Context(), eve.ID, Change{Email: new("Ada@example.org")})
		wantProblem(w.t, err, problem.Conflict, "email_taken")
		w.wantCount(0, `SELECT COUNT(*) FROM outbox WHERE type = 'user.changed.v1'`)
	})
}

func TestRegistrationsAtTheSameTimeMakeOneAccount(t *testing.T) {
	each(t, func(w world) {
		var all sync.WaitGroup
		var mu sync.Mutex
		ids := map[ID]int{}
		refused := 0
		for i := range 12 {
			all.Go(func() {
				r := ada()
				if i%3 == 0 {
					r.Key = fmt.Sprintf("key-%d", i)
				}
				u, err := w.Register(w.t.Context(), r)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					ids[u.ID]++
				} else if problem.ReasonOf(err) == "email_taken" {
					refused++
				} else {
					w.t.Error(err)
				}
			})
		}
		all.Wait()
		if len(ids) != 1 || refused == 0 {
			w.t.Errorf("made accounts %v and refused %d, want one account and some refused", ids, refused)
		}
		w.wantCount(1, `SELECT COUNT(*) FROM users`)
		w.wantCount(1, `SELECT COUNT(*) FROM outbox`)
	})
}

func TestAChangeIsToldWithARisingVersionAndNoChangeIsNot(t *testing.T) {
	each(t, func(w world) {
		u := w.registered()
		w.advance(time.Second)
		got, err := w.Update(w.t.Context(), u.ID, Change{Email: new("Countess@Example.org"), Phone: new("")})
		if err != nil || got.Email != "countess@example.org" || got.Phone != "" || got.Name != u.Name || got.Version != 2 {
			w.t.Fatalf("got %+v, %v", got, err)
		}
		var e eventsv1.UserChanged
		w.event("user.changed.v1", &e)
		want := &eventsv1.UserChanged{UserId: string(u.ID), Email: "countess@example.org", Name: u.Name, Version: 2}
		if !proto.Equal(&e, want) {
			w.t.Errorf("got event %v, want %v", &e, want)
		}
		if got, err = w.Update(w.t.Context(), u.ID, Change{Email: new("countess@example.org"), Name: &u.Name}); err != nil || got.Version != 2 {
			w.t.Errorf("no change: got version %d, %v, want 2", got.Version, err)
		}
		w.wantCount(1, `SELECT COUNT(*) FROM outbox WHERE type = 'user.changed.v1'`)
		_, err = w.Update(w.t.Context(), u.ID, Change{Name: new("")})
		wantProblem(w.t, err, problem.Invalid, "invalid_fields")
		if again := w.registered(); again.ID != u.ID {
			w.t.Error("after a change a repeated registration is another account")
		}
	})
}

func TestChangesAtTheSameTimeEachGetAVersion(t *testing.T) {
	each(t, func(w world) {
		u := w.registered()
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				if _, err := w.Update(w.t.Context(), u.ID, Change{Name: new(fmt.Sprintf("Ada %d", i))}); err != nil {
					w.t.Error(err)
				}
			})
		}
		all.Wait()
		w.wantCount(7, `SELECT version FROM users`)
		w.wantCount(6, `SELECT COUNT(*) FROM outbox WHERE type = 'user.changed.v1'`)
	})
}

func TestAddressesArePutListedAndDeletedByTheirOwnerAlone(t *testing.T) {
	each(t, func(w world) {
		u := w.registered()
		r := ada()
		r.Key, r.Email = "key-eve", "eve@example.org"
		eve, err := w.Register(w.t.Context(), r)
		if err != nil {
			w.t.Fatal(err)
		}
		a := Address{ID: "0b0e4b6c-5a5e-4b57-9d5a-2f1f0c9e7a11", Name: "Ada", Street: "Am Park 1", Postcode: "10115", City: "Berlin", Country: "DE"}
		for range 2 {
			if err := w.PutAddress(w.t.Context(), u.ID, a); err != nil {
				w.t.Fatal(err)
			}
		}
		a.City = "Bern"
		if err := w.PutAddress(w.t.Context(), u.ID, a); err != nil {
			w.t.Fatal(err)
		}
		if err := w.DeleteAddress(w.t.Context(), eve.ID, a.ID); err != nil {
			w.t.Fatal(err)
		}
		if got, err := w.Addresses(w.t.Context(), u.ID); err != nil || len(got) != 1 || got[0] != a {
			w.t.Errorf("got %v, %v, want the last of three", got, err)
		}
		if got, err := w.Addresses(w.t.Context(), eve.ID); err != nil || len(got) != 0 {
			w.t.Errorf("Eve has %v, %v, want none", got, err)
		}
		for range 2 {
			if err := w.DeleteAddress(w.t.Context(), u.ID, a.ID); err != nil {
				w.t.Error(err)
			}
		}
		w.wantCount(0, `SELECT COUNT(*) FROM addresses`)
		wantProblem(w.t, w.DeleteAddress(w.t.Context(), u.ID, "'; DROP TABLE users"), problem.Invalid, "invalid_fields")
		wantProblem(w.t, w.PutAddress(w.t.Context(), "nobody", a), problem.NotFound, "user_not_found")
	})
}

func TestAUserKeepsABoundedNumberOfAddresses(t *testing.T) {
	each(t, func(w world) {
		u := w.registered()
		put := func(i int) error {
			return w.PutAddress(w.t.Context(), u.ID, Address{ID: AddressID(fmt.Sprintf("0b0e4b6c-5a5e-4b57-9d5a-%012d", i)), Name: "Ada", Street: "1", Postcode: "1", City: "1", Country: "DE"})
		}
		for i := range mostAddresses {
			if err := put(i); err != nil {
				w.t.Fatal(err)
			}
		}
		wantProblem(w.t, put(mostAddresses), problem.Conflict, "too_many_addresses")
		if err := put(0); err != nil {
			w.t.Errorf("replace one: %v", err)
		}
		w.wantCount(mostAddresses, `SELECT COUNT(*) FROM addresses`)
	})
}

// An account may have an address from before the rule that refuses it.
func TestAnAddressThatIsRefusedTodayStillLogsInUntilItIsChanged(t *testing.T) {
	each(t, func(w world) {
		u := w.registered()
		err := w.db.InTx(w.t.Context(), "put an old address", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE users SET email = 'a..b@example.com' WHERE id = $1`, u.ID)
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
		if id, _, err := w.Login(w.t.Context(), "A..b@example.com", ada().Password); err != nil || id != u.ID {
			w.t.Errorf("log in: got %s, %v", id, err)
		}
		if got, err := w.Update(w.t.Context(), u.ID, Change{Name: new("Ada King")}); err != nil || got.Email != "a..b@example.com" {
			w.t.Errorf("change the name: got %s, %v", got.Email, err)
		}
		if got, err := w.Update(w.t.Context(), u.ID, Change{Email: new("ada@example.com")}); err != nil || got.Email != "ada@example.com" {
			w.t.Errorf("change the address: got %s, %v", got.Email, err)
		}
	})
}
