package shop

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"stormglass/chaos/load"
	"stormglass/chaos/verdict"
	eventsv1 "stormglass/system/api/events/v1"
	"stormglass/system/api/links"
	"stormglass/system/platform/events"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// ofEach is how many events of each kind of poison there are.
const ofEach = 3

// acts is what else can be done to the shop.
func acts() []verdict.Act {
	return []verdict.Act{
		{
			Name: "publish-poison",
			Doc: fmt.Sprintf("publishes %d order.created that nobody can read, which inventory, payment and cart take in, and %d stock.rejected of orders that "+
				"there are not, which order takes in", ofEach, ofEach),
			Do: publishPoison,
		},
		{
			Name: "redrive-dead-letters",
			Doc:  "sends everything in the dead letters back to the consumer that gave it up, as an operator does",
			Do:   redriveAll,
		},
	}
}

// poison is what a service would publish whose code is wrong: letters that do not parse, and well-formed ones about nothing.
func poison() ([]events.Event, error) {
	var all []events.Event
	for range ofEach {
		unknown, err := proto.Marshal(&eventsv1.StockRejected{OrderId: uuid.NewString(), Reason: outOfStock})
		if err != nil {
			return nil, fmt.Errorf("encode poison: %w", err)
		}
		for typ, data := range map[string][]byte{"order.created.v1": []byte("\xff\xffnot an order"), "stock.rejected.v1": unknown} {
			id, err := uuid.NewV7()
			if err != nil {
				return nil, fmt.Errorf("make id of poison: %w", err)
			}
			all = append(all, events.Event{ID: id.String(), Type: typ, Key: "nobody's", Time: time.Now(), Data: data})
		}
	}
	return all, nil
}

func publishPoison(ctx context.Context, site load.Site) (int, error) {
	all, err := poison()
	if err != nil {
		return 0, err
	}
	err = atBroker(ctx, site, func(b events.Broker) error { return b.Publish(ctx, all) })
	if err != nil {
		return 0, fmt.Errorf("publish poison: %w", err)
	}
	return len(all), nil
}

func redriveAll(ctx context.Context, site load.Site) (sent int, err error) {
	err = atBroker(ctx, site, func(b events.Broker) error {
		for _, service := range append(writers(), "cart") {
			n, err := events.Redrive(ctx, b, "q."+service)
			if sent += n; err != nil {
				return err
			}
		}
		return nil
	})
	return sent, err
}

// atBroker does something at the shop's broker, as a stranger who knows its address.
func atBroker(ctx context.Context, site load.Site, do func(events.Broker) error) error {
	address, err := site.Setting("order", "BROKER_URL")
	if err != nil {
		return err
	}
	tel := telemetry.Discard("stranger")
	policy, err := links.Policy("order", "broker")
	if err != nil {
		return err
	}
	link, err := resilience.New(tel, "stranger", "broker", policy)
	if err != nil {
		return err
	}
	broker, err := events.Connect(ctx, tel, link, address)
	if err != nil {
		return err
	}
	defer broker.Close(context.WithoutCancel(ctx))
	if err := reached(ctx, broker); err != nil {
		return err
	}
	return do(broker)
}

// reached waits until the broker answers: the first connection is made in the background.
func reached(ctx context.Context, broker events.Broker) error {
	for {
		err := broker.Ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return fmt.Errorf("reach broker: %w", err)
		}
	}
}
