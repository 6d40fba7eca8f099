package shipping

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"stormglass/system/platform/events"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

// company is a carrier that answers as the test says, one after the other.
type company struct {
	answers []func() (Parcel, error)
	booked  []OrderID
}

func (c *company) next() (Parcel, error) {
	answer := c.answers[0]
	c.answers = c.answers[1:]
	return answer()
}

func (c *company) Book(_ context.Context, o OrderID, _ Address) (Parcel, error) {
	c.booked = append(c.booked, o)
	return c.next()
}

func (c *company) Track(context.Context, ParcelID) (Parcel, error) { return c.next() }

func parcel(dispatched bool) func() (Parcel, error) {
	return func() (Parcel, error) {
		return Parcel{ID: "p1", Carrier: "c", Tracking: "T1", Dispatched: dispatched}, nil
	}
}

func fails(err error) func() (Parcel, error) { return func() (Parcel, error) { return Parcel{}, err } }

// told is an outbox that remembers what it was told in transactions that committed.
type told struct{ said []string }

func (t *told) Dispatched(_ context.Context, tx *store.Tx, s Shipment) error {
	tx.AfterCommit(func() { t.said = append(t.said, "dispatched "+s.Tracking) })
	return nil
}

func (t *told) Failed(_ context.Context, tx *store.Tx, s Shipment) error {
	tx.AfterCommit(func() { t.said = append(t.said, "failed "+s.Reason) })
	return nil
}

func newBench(t *testing.T, url string, answers ...func() (Parcel, error)) (*Service, *company, *told) {
	t.Helper()
	c, out := &company{answers: answers}, &told{}
	db := storetest.Open(t, url, migrations(), events.Migrations())
	return &Service{
		tel: telemetry.Discard("shipping"), db: db, toDo: toDo(db), carrier: c, outbox: out, wake: func() {},
		look: time.Microsecond, longest: time.Microsecond, now: time.Now,
	}, c, out
}

func (s *Service) ship(t *testing.T, o OrderID) {
	t.Helper()
	err := s.db.InTx(t.Context(), "test", func(ctx context.Context, tx *store.Tx) error {
		return s.Ship(ctx, tx, o, "alice", Address{Name: "A", Street: "S 1", City: "B", Country: "DE"})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// labour does all work that is due, and gives the errors that it met.
func (s *Service) labour(t *testing.T) (met []error) {
	t.Helper()
	for range 20 {
		claimed, err := s.toDo.Claim(t.Context(), 10, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range claimed {
			if err := s.work(t.Context(), p); err != nil {
				met = append(met, err)
				if err := s.toDo.Release(t.Context(), []Shipment{p}, s.now()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return met
}

func TestWhatTheCarrierSaysDecides(t *testing.T) {
	away := problem.New(problem.Unavailable, "", "away")
	for name, c := range map[string]struct {
		answers []func() (Parcel, error)
		said    string
		state   State
		errors  int
	}{
		"dispatched at once": {[]func() (Parcel, error){parcel(true)}, "[dispatched T1]", Dispatched, 0},
		"dispatched later":   {[]func() (Parcel, error){parcel(false), parcel(false), parcel(true)}, "[dispatched T1]", Dispatched, 0},
		"away, then there":   {[]func() (Parcel, error){fails(away), fails(away), parcel(false), fails(away), parcel(true)}, "[dispatched T1]", Dispatched, 3},
		"refused for good":   {[]func() (Parcel, error){fails(&refusal{"country_not_served"})}, "[failed country_not_served]", Failed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, url string) {
				s, company, out := newBench(t, url, slices.Clone(c.answers)...)
				s.ship(t, "o1")
				s.ship(t, "o1") // a redelivery
				if met := s.labour(t); len(met) != c.errors {
					t.Errorf("met %v, want %d errors", met, c.errors)
				}
				got, err := s.Get(t.Context(), "alice", "o1")
				if err != nil || got.State != c.state || fmt.Sprint(out.said) != c.said {
					t.Errorf("got %s, %v, said %v; want %s, %s", got.State, err, out.said, c.state, c.said)
				}
				if len(company.answers) != 0 {
					t.Errorf("%d answers were never asked for", len(company.answers))
				}
			})
		})
	}
}

func TestNobodySeesAnothersShipment(t *testing.T) {
	s, _, _ := newBench(t, storetest.SQLite(t))
	s.ship(t, "o1")
	for user, order := range map[UserID]OrderID{"mallory": "o1", "alice": "o2"} {
		if _, err := s.Get(t.Context(), user, order); problem.CodeOf(err) != problem.NotFound {
			t.Errorf("%s asks for %s: got %v, want not found", user, order, err)
		}
	}
}

func TestAnswersOfTheCarrier(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		code   problem.Code
		state  string
	}{
		"booked":      {http.StatusCreated, `{"id":"p1","tracking_number":"T","state":"booked"}`, problem.OK, "false"},
		"dispatched":  {http.StatusOK, `{"id":"p1","tracking_number":"T","state":"dispatched"}`, problem.OK, "true"},
		"busy":        {http.StatusServiceUnavailable, ``, problem.Unavailable, "false"},
		"too many":    {http.StatusTooManyRequests, ``, problem.Unavailable, "false"},
		"conflict":    {http.StatusConflict, `{"error":{"code":"idempotency_key_reused"}}`, problem.Conflict, "false"},
		"not JSON":    {http.StatusOK, `<html>`, problem.Internal, "false"},
		"no parcel":   {http.StatusOK, `{}`, problem.Internal, "false"},
		"unknown one": {http.StatusNotFound, `{"error":{"code":"not_found"}}`, problem.Internal, "false"},
	} {
		p, err := parcelOf(c.status, []byte(c.body))
		if problem.CodeOf(err) != c.code || fmt.Sprint(p.Dispatched) != c.state {
			t.Errorf("%s: got %+v, %v; want %s", name, p, err, c.code)
		}
	}
	if _, err := parcelOf(http.StatusUnprocessableEntity, []byte(`{"error":{"code":"country_not_served"}}`)); err.Error() != "the carrier refused: country_not_served" {
		t.Errorf("refusal: got %v", err)
	}
}

func TestQuestionsGrowRarer(t *testing.T) {
	for waited, want := range map[time.Duration]time.Duration{0: 200 * time.Millisecond, 3 * time.Second: time.Second, time.Hour: time.Minute} {
		if got := nextLook(waited, 200*time.Millisecond, time.Minute); got != want {
			t.Errorf("after %s: got %s, want %s", waited, got, want)
		}
	}
}
