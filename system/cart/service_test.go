package cart

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"stormglass/internal/await"
	cartv1 "stormglass/system/api/cart/v1"
	eventsv1 "stormglass/system/api/events/v1"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/events"
	"stormglass/system/platform/events/eventstest"
	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// shelf is a product service that sells one lamp, at a price that a test may change.
type shelf struct {
	price int64
	away  error
}

func (s *shelf) Product(_ context.Context, id ProductID) (string, money.Money, error) {
	if s.away != nil {
		return "", money.Money{}, s.away
	}
	if id != "lamp" {
		return "", money.Money{}, problem.New(problem.NotFound, "product_not_found", "there is no such product")
	}
	return "Arc Lamp", money.Of(s.price, "EUR"), nil
}

func serving(t *testing.T, address string, goods goods) *Service {
	t.Helper()
	return &Service{tel: telemetry.Discard("cart"), keeper: connected(t, address, patientPolicy(t), time.Hour), goods: goods}
}

func as(t *testing.T, user UserID) context.Context {
	return auth.With(t.Context(), auth.Identity{UserID: string(user)})
}

func TestItemHasThePriceOfTheMomentItWasPutIn(t *testing.T) {
	goods := &shelf{price: 1999}
	s := &server{service: serving(t, serveMini(t).Addr(), goods)}
	ctx := as(t, someone())
	set, err := s.SetItem(ctx, &cartv1.SetItemRequest{ProductId: "lamp", Quantity: 3})
	if err != nil {
		t.Fatal(err)
	}
	goods.price = 2499
	got, err := s.GetCart(ctx, &cartv1.GetCartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if total := got.GetCart().GetTotal(); total.GetMinor() != 3*1999 || total.GetCurrency() != "EUR" {
		t.Errorf("total: got %v, want 59.97 EUR", total)
	}
	if got.GetCart().GetVersion() != set.GetCart().GetVersion() || got.GetCart().GetItems()[0].GetTitle() != "Arc Lamp" {
		t.Errorf("got %v, want what SetItem gave: %v", got, set)
	}
	again, err := s.SetItem(ctx, &cartv1.SetItemRequest{ProductId: "lamp", Quantity: 3})
	if err != nil || again.GetCart().GetTotal().GetMinor() != 3*2499 {
		t.Errorf("put in again: got %v (%v), want today's price", again, err)
	}
}

func TestRefusals(t *testing.T) {
	goods := &shelf{price: 1}
	s := &server{service: serving(t, serveMini(t).Addr(), goods)}
	ctx := as(t, someone())
	_, nobody := s.GetCart(t.Context(), nil)
	_, unknown := s.SetItem(ctx, &cartv1.SetItemRequest{ProductId: "no-such-thing", Quantity: 1})
	_, zero := s.SetItem(ctx, &cartv1.SetItemRequest{ProductId: "lamp"})
	goods.away = problem.New(problem.Unavailable, "", "product does not answer")
	_, away := s.SetItem(ctx, &cartv1.SetItemRequest{ProductId: "lamp", Quantity: 1})
	for _, tt := range []struct {
		what string
		err  error
		want problem.Code
	}{
		{"no token", nobody, problem.Unauthenticated}, {"unknown product", unknown, problem.NotFound},
		{"quantity 0", zero, problem.Invalid}, {"product service away", away, problem.Unavailable},
	} {
		if got := problem.CodeOf(tt.err); got != tt.want {
			t.Errorf("%s: got %s (%v), want %s", tt.what, got, tt.err, tt.want)
		}
	}
	if c, err := s.GetCart(ctx, nil); err != nil || c.GetCart().GetVersion() != 0 {
		t.Errorf("cart after refusals: got %v (%v), want it untouched", c, err)
	}
}

func TestCartsAreTheCallersOwn(t *testing.T) {
	s := &server{service: serving(t, serveMini(t).Addr(), &shelf{price: 1})}
	mine, yours := as(t, someone()), as(t, someone())
	if _, err := s.SetItem(mine, &cartv1.SetItemRequest{ProductId: "lamp", Quantity: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Clear(yours, nil); err != nil {
		t.Fatal(err)
	}
	got, err := s.GetCart(mine, nil)
	if err != nil || len(got.GetCart().GetItems()) != 1 {
		t.Errorf("my cart after you cleared yours: got %v (%v), want the lamp", got, err)
	}
	got2, err := s.RemoveItem(mine, &cartv1.RemoveItemRequest{ProductId: "lamp"})
	if err != nil || len(got2.GetCart().GetItems()) != 0 || got2.GetCart().GetTotal().GetCurrency() != "EUR" {
		t.Errorf("after removing the lamp: got %v (%v), want nothing, costing 0 EUR", got2, err)
	}
}

func orderOf(t *testing.T, user UserID, v Version) events.Event {
	t.Helper()
	e, err := events.New(t.Context(), telemetry.Discard("order"), "order.created.v1", "order-"+string(user),
		&eventsv1.OrderCreated{OrderId: "order-" + string(user), UserId: string(user), CartVersion: int64(v)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAcceptedOrderClearsItsCartAndAnOutageLosesNothing(t *testing.T) {
	cache, broker := serveMini(t), eventstest.StartServer(t)
	s := serving(t, cache.Addr(), &shelf{price: 1})
	ordered, changed := someone(), someone()
	version := func(user UserID) Version {
		c, err := s.SetItem(t.Context(), user, "lamp", 1)
		if err != nil {
			t.Fatal(err)
		}
		return c.Version
	}
	first, second := orderOf(t, ordered, version(ordered)), orderOf(t, changed, version(changed))
	if _, err := s.SetItem(t.Context(), changed, "lamp", 2); err != nil {
		t.Fatal(err)
	}

	cache.SetError("LOADING not yet")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	b := broker.Connect()
	consumer := events.NewConsumerWithoutInbox(s.tel, b, events.ConsumerConfig{Queue: queue, Handlers: s.handlers()})
	go func() { done <- consumer.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("consumer: %v", err)
		}
	}()
	if err := b.Publish(t.Context(), []events.Event{first, second}); err != nil {
		t.Fatal(err)
	}
	paused := s.tel.Gauge(telemetry.BacklogPaused).WithLabelValues(queue)
	await.NoError(t, func() error {
		if testutil.ToFloat64(paused) != 1 {
			return errors.New("the consumer does not pause")
		}
		return nil
	})
	cache.SetError("")
	await.NoError(t, func() error {
		c, err := s.Get(t.Context(), ordered)
		if len(c.Items) != 0 {
			return fmt.Errorf("the ordered cart holds %v", c.Items)
		}
		return err
	})
	dead, err := b.DeadLetters(t.Context(), queue)
	if err != nil || len(dead) != 0 {
		t.Errorf("dead letters: got %d (%v), want none: an outage is nobody's fault", len(dead), err)
	}
	if c, err := s.Get(t.Context(), changed); err != nil || len(c.Items) != 1 || c.Items[0].Quantity != 2 {
		t.Errorf("the cart that was changed after its order: got %v (%v), want 2 lamps", c.Items, err)
	}
}
