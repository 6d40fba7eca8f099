package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"stormglass/system/api/links"
	"stormglass/system/platform/boot"
	"stormglass/system/platform/events"
	"stormglass/system/platform/resilience"
)

// queues are those that may hold dead letters.
func queues() []string {
	return []string{"q.cart", "q.inventory", "q.notification", "q.order", "q.payment", "q.shipping"}
}

const dlqUsage = `usage: shop dlq list [QUEUE]
       shop dlq redrive QUEUE [EVENT-ID …]     without ids: all of the queue

BROKER_URL says where the broker is: nats://host:4222, or amqp://user:password@host:5672/virtual-host.
Queues: %s
`

// deadLetters is the operator's view of what consumers gave up.
func deadLetters(args []string, stdout, stderr io.Writer) int {
	act, queue, ids := "", "", []string(nil)
	if len(args) > 0 {
		act = args[0]
	}
	if len(args) > 1 {
		queue, ids = args[1], args[2:]
	}
	known := queue == "" || slices.Contains(queues(), queue)
	switch {
	case act == "list" && known && len(ids) == 0:
		return withBroker(stderr, func(ctx context.Context, b events.Broker) error { return list(ctx, b, queue, stdout) })
	case act == "redrive" && known && queue != "":
		return withBroker(stderr, func(ctx context.Context, b events.Broker) error { return redrive(ctx, b, queue, ids, stdout) })
	case !known:
		fmt.Fprintf(stderr, "shop dlq: there is no queue %q\n", queue)
	}
	fmt.Fprintf(stderr, dlqUsage, strings.Join(queues(), ", "))
	return boot.ExitUsage
}

// withBroker connects as the operator, under the policy that services have.
func withBroker(stderr io.Writer, do func(context.Context, events.Broker) error) int {
	return boot.Once("shop dlq", func(ctx context.Context, rt *boot.Runtime) error {
		var c struct {
			Broker string `env:"BROKER_URL,required"`
		}
		if err := boot.Settings(&c); err != nil {
			return err
		}
		policy, err := links.Policy("order", "broker")
		if err != nil {
			return err
		}
		link, err := resilience.New(rt.Telemetry, "operator", "broker", policy)
		if err != nil {
			return err
		}
		broker, err := events.Connect(ctx, rt.Telemetry, link, c.Broker)
		if err != nil {
			return err
		}
		rt.OnStop("broker", broker.Close)
		return do(ctx, broker)
	}, stderr)
}

// list prints the dead letters of one queue, or of all.
func list(ctx context.Context, b events.Broker, queue string, stdout io.Writer) error {
	which := queues()
	if queue != "" {
		which = []string{queue}
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "QUEUE\tEVENT ID\tTYPE\tKEY\tATTEMPTS\tGIVEN UP\tREASON")
	for _, name := range which {
		letters, err := events.ListDead(ctx, b, name)
		if err != nil {
			return fmt.Errorf("list dead letters of %s: %w", name, err)
		}
		for _, l := range letters {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", name, l.ID, l.Type, l.Key, l.Attempts, l.At.UTC().Format(time.RFC3339), l.Reason)
		}
	}
	return w.Flush()
}

func redrive(ctx context.Context, b events.Broker, queue string, ids []string, stdout io.Writer) error {
	sent, err := events.Redrive(ctx, b, queue, ids...)
	fmt.Fprintf(stdout, "%d sent back to %s\n", sent, queue)
	return err
}
