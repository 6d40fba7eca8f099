// Package events carries what happened in one service to the others, so that nothing committed is lost and nothing is
// applied twice.
//
//	producer                                    broker                  consumer
//	one transaction: state + outbox row ──▶ relay ──▶ queue ──▶ one transaction: inbox row + effect ──▶ acknowledge
//	                                        (confirmed, then            └─ an outage: pause, give back, probe with one
//	                                         marked as sent)            └─ the event's own fault: retry, then dead letter
//
// The broker is a port with two adapters: NATS JetStream, and RabbitMQ. The suite in eventstest says what each of them must do.
package events
