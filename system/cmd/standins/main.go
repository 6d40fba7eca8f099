// Command standins runs what takes the place of everything that the shop needs from outside: other companies, and the
// backends of the embedded tier. One subcommand is one process; its settings come from the environment.
package main

import (
	"fmt"
	"io"
	"os"

	"stormglass/system/platform/boot"
	"stormglass/system/standins/broker"
	"stormglass/system/standins/cache"
	"stormglass/system/standins/cardprocessor"
	"stormglass/system/standins/carrier"
	"stormglass/system/standins/databases"
	"stormglass/system/standins/documents"
	"stormglass/system/standins/local"
	"stormglass/system/standins/mailbox"
	"stormglass/system/standins/messenger"
)

// standin is one subcommand.
type standin struct {
	name string
	says string
	run  boot.Program
}

func standins() []standin {
	return []standin{
		{"broker", "NATS JetStream, each message on disk before it is acknowledged", broker.Run},
		{"cache", "the Redis protocol, in memory", cache.Run},
		{"documents", "the MongoDB protocol, on SQLite files", documents.Run},
		{"databases", "the network of databases that are files", databases.Run},
		{"card-processor", "the part of Stripe's API that a shop uses, and its ledger", cardprocessor.Run},
		{"mailbox", "an SMTP server that keeps what it receives", mailbox.Run},
		{"messenger", "takes SMS and push messages", messenger.Run},
		{"local-postgres", "PostgreSQL itself, from this machine's programs", local.Postgres},
		{"local-rabbitmq", "RabbitMQ itself, likewise", local.RabbitMQ},
		{"local-redis", "Redis itself, likewise", local.Redis},
		{"carrier", "books parcels and dispatches them", carrier.Run},
	}
}

// check says which real servers are not installed.
func check(stderr io.Writer) int {
	if err := local.Check(); err != nil {
		fmt.Fprintln(stderr, err)
		return boot.ExitUsage
	}
	return boot.ExitOK
}

func main() { os.Exit(start(os.Args[1:], os.Stdout, os.Stderr)) }

func start(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "healthcheck" { // all of them are ready when their HTTP port says so
		return boot.Healthcheck("standins", "HTTP_ADDR", args[1:], stdout, stderr)
	}
	if len(args) == 1 && args[0] == "local-check" {
		return check(stderr)
	}
	if len(args) == 1 {
		for _, s := range standins() {
			if s.name == args[0] {
				return boot.Run(s.name, s.run, stdout, stderr)
			}
		}
		fmt.Fprintf(stderr, "standins: there is no stand-in %q\n\n", args[0])
	}
	fmt.Fprintln(stderr, "usage: standins NAME, where NAME is one of")
	for _, s := range standins() {
		fmt.Fprintf(stderr, "  %-15s %s\n", s.name, s.says)
	}
	fmt.Fprintln(stderr, "or local-check, which says what the local ones lack on this machine")
	fmt.Fprintln(stderr, "or healthcheck, which asks the one whose HTTP_ADDR this environment has whether it is ready")
	return boot.ExitUsage
}
