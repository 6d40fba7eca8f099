package events

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Names at the broker.
const (
	// eventExchange is where all events are published, with their type as the routing key.
	eventExchange = "shop.events"
	// pastQueue keeps the last events of all types, for queues that are made later. Nobody takes any from it.
	pastQueue = "shop.past"
)

func deadQueue(queue string) string { return queue + ".dead" }

// wholeFlag is an exchange without use but that it is there: then the queue has had its part of the past.
func wholeFlag(queue string) string { return queue + ".whole" }

// publishing makes the message of an event. The headers are what we read; the other properties are for people who look at
// the broker with its own tools.
func publishing(e Event) amqp.Publishing {
	table := amqp.Table{}
	for name, value := range e.headers() {
		table[name] = value
	}
	return amqp.Publishing{
		Headers: table, Body: e.Data, DeliveryMode: amqp.Persistent, ContentType: "application/x-protobuf",
		MessageId: e.ID, Type: e.Type, Timestamp: e.Time,
	}
}

// received reads the event of a message, and why it was given up if it was. One without an id gets one from its content,
// so that it has the same whenever it comes.
func received(d amqp.Delivery) (Event, Failure) {
	e, why := opened(texts(d.Headers), d.Body)
	if e.ID == "" {
		e.ID = fmt.Sprintf("unnamed-%x", sha256.Sum256(d.Body))[:24]
	}
	if cause, ok := d.Headers["x-first-death-reason"].(string); ok && why.Reason == "" {
		why.Reason = "the broker gave it up: " + cause
	}
	return e, why
}

// texts gives those headers that are texts.
func texts(table amqp.Table) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for name, value := range table {
			if text, ok := value.(string); ok && !yield(name, text) {
				return
			}
		}
	}
}

// dead makes the message of a dead letter.
func dead(e Event, why Failure) amqp.Publishing {
	m := publishing(e)
	for name, value := range why.headers() {
		m.Headers[name] = value
	}
	return m
}

// major is the server's version before its first dot, such as "4".
func major(conn *amqp.Connection) string {
	version, _ := conn.Properties["version"].(string)
	first, _, _ := strings.Cut(version, ".")
	return first
}
