package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"stormglass/internal/await"
	"stormglass/system/api/links"
	"stormglass/system/platform/events"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// publish puts an event on the broker, as a service would whose code is wrong.
func (s *shop) publish(e events.Event) {
	s.t.Helper()
	tel := telemetry.Discard("stranger")
	policy, err := links.Policy("order", "broker")
	if err != nil {
		s.t.Fatal(err)
	}
	link, err := resilience.New(tel, "stranger", "broker", policy)
	if err != nil {
		s.t.Fatal(err)
	}
	broker, err := events.Connect(s.t.Context(), tel, link, s.brokerURL())
	if err != nil {
		s.t.Fatal(err)
	}
	defer broker.Close(context.Background())
	await.NoError(s.t, func() error { return broker.Publish(s.t.Context(), []events.Event{e}) })
}

func (s *shop) brokerURL() string { return "nats://" + s.instance("broker-1").Addrs["nats"] }

// dead lists the dead letters of a queue as the operator sees them: one line each.
func (s *shop) dead(queue string) []string {
	s.t.Helper()
	said := s.operate([]string{"BROKER_URL=" + s.brokerURL()}, "dlq", "list", queue)
	return strings.Split(strings.TrimSpace(said), "\n")[1:]
}

func TestAPoisonMessageIsSetAsideAndStopsNothing(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	if letters := s.dead(""); len(letters) > 0 {
		t.Errorf("dead letters of a shop that is well: got %q", letters)
	}
	poison := events.Event{
		ID: uuid.Must(uuid.NewV7()).String(), Type: "order.created.v1", Key: "nobody's", Time: time.Now(), Data: []byte("\xff\xffnot an order"),
	}
	s.publish(poison)

	// Of the three queues that take this type two have a consumer that reads the payload; all keep on working.
	for _, queue := range []string{"q.inventory", "q.payment"} {
		await.NoError(t, func() error {
			letters := s.dead(queue)
			if len(letters) != 1 || !strings.Contains(letters[0], poison.ID) || !strings.Contains(letters[0], events.ReasonMalformed) {
				return fmt.Errorf("dead letters of %s: got %q, want the poison with its reason", queue, letters)
			}
			return nil
		})
	}
	c := s.customer("Ada Lovelace")
	o := c.place(c.basket(goodCard))
	c.await(o.ID, "shipped")

	said := s.operate([]string{"BROKER_URL=" + s.brokerURL()}, "dlq", "redrive", "q.inventory", poison.ID)
	if !strings.Contains(said, "1 sent back to q.inventory") {
		t.Errorf("redrive said %q", said)
	}
	await.NoError(t, func() error { // it is poison still, and comes back; nobody else has seen it again
		if n := s.buried("inventory-1", "q.inventory"); n != 2 {
			return fmt.Errorf("inventory has buried %v events, want the poison twice", n)
		}
		if letters := s.dead("q.inventory"); len(letters) != 1 {
			return fmt.Errorf("dead letters after the redrive: got %q, want one", letters)
		}
		return nil
	})
	if n := s.buried("payment-1", "q.payment"); n != 1 {
		t.Errorf("payment has buried %v events, want 1: the redrive was not for it", n)
	}
	s.settle()
	operatorIsTold(t, s)
}

// buried is how many events a service has put into the dead letters of a queue.
func (s *shop) buried(instance, queue string) (n float64) {
	s.t.Helper()
	for _, series := range s.metrics(instance)["shop_dead_lettered_total"].GetMetric() {
		for _, l := range series.GetLabel() {
			if l.GetName() == "queue" && l.GetValue() == queue {
				n += series.GetCounter().GetValue()
			}
		}
	}
	return n
}

// operatorIsTold checks that a wrong command line gets a message that tells what is right.
func operatorIsTold(t *testing.T, s *shop) {
	t.Helper()
	env := []string{"BROKER_URL=" + s.brokerURL()}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"dlq"}, "usage: shop dlq list"},
		{[]string{"dlq", "list", "q.nothing"}, `no queue "q.nothing"`},
		{[]string{"dlq", "redrive"}, "usage: shop dlq list"},
		{[]string{"staff", "add"}, "usage"},
		{[]string{"nonsense"}, `no command "nonsense"`},
		{[]string{"order"}, "DATABASE_URL"},
	} {
		code, said := s.tryOperate(env, c.args...)
		if code != 2 || !strings.Contains(said, c.says) {
			t.Errorf("shop %s: got exit code %d and %q, want 2 and word of %q", strings.Join(c.args, " "), code, said, c.says)
		}
	}
}
