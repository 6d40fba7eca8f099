package eventstest

import (
	"net/url"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"stormglass/system/platform/backendtest"
)

// RabbitMQ is the kind of broker that backendtest finds. It does not know duplicates; the inbox does. What version 3.10 notes
// of a new quorum queue reaches its files seconds later: killed before, it comes back with a queue that never answers.
func RabbitMQ() Kind {
	return Kind{
		Ripening: backendtest.Ripening,
		Shared:   func(t *testing.T) *Backend { return Rabbit(t) },
		Own:      func(t *testing.T) Mortal { return backendtest.OwnRabbitMQ(t) },
		Empty: func(t *testing.T, m Mortal) *Backend {
			host := backendtest.VirtualHost(t, m.(*backendtest.Server))
			return newBackend(t, func() *url.URL { return inside(m.URL(), host) }, m)
		},
	}
}

// Rabbit gives an empty RabbitMQ.
func Rabbit(tb testing.TB) *Backend {
	tb.Helper()
	s := backendtest.RabbitMQ(tb)
	host := backendtest.VirtualHost(tb, s)
	if !s.Ours() {
		empty(tb, host)
	}
	return newBackend(tb, func() *url.URL { return host }, nil)
}

// inside gives the virtual host of one URL at the server of another.
func inside(server, host *url.URL) *url.URL {
	server.Path = host.Path
	return server
}

// empty removes what the adapter and the tests make in a virtual host that others used before.
func empty(tb testing.TB, host *url.URL) {
	tb.Helper()
	conn, err := amqp.Dial(host.String())
	if err != nil {
		tb.Fatal("connect to the RabbitMQ that TEST_RABBITMQ_URL names")
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		tb.Fatal(err)
	}
	for _, queue := range []string{"q.payment", "q.shipping", "q.notification", "q.users", "q.watch", "q.cart", "q.inventory", "q.order"} {
		for _, name := range []string{queue, queue + ".dead"} {
			if _, err := ch.QueueDelete(name, false, false, false); err != nil {
				tb.Fatal(err)
			}
		}
		if err := ch.ExchangeDelete(queue+".whole", false, false); err != nil {
			tb.Fatal(err)
		}
	}
	if err := ch.ExchangeDelete("shop.events", false, false); err != nil {
		tb.Fatal(err)
	}
	if _, err := ch.QueueDelete("shop.past", false, false, false); err != nil {
		tb.Fatal(err)
	}
}
