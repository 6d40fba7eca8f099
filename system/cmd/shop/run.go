package main

import (
	"fmt"
	"io"
	"strings"

	"stormglass/system/cart"
	"stormglass/system/gateway"
	"stormglass/system/inventory"
	"stormglass/system/notification"
	"stormglass/system/order"
	"stormglass/system/payment"
	"stormglass/system/platform/boot"
	"stormglass/system/product"
	"stormglass/system/shipping"
	"stormglass/system/user"
)

// command is one word that `shop` understands.
type command struct {
	name, does string
	run        func(args []string, stdout, stderr io.Writer) int
}

// commands is the explicit list of everything that ships.
func commands() []command {
	return []command{
		service("gateway", "the only door: REST for clients", gateway.Run),
		service("user", "knows people, and gives them tokens", user.Run),
		service("product", "the catalogue, with full-text search", product.Run),
		service("cart", "what shoppers mean to buy", cart.Run),
		service("order", "places orders and decides their fate", order.Run),
		service("inventory", "stock and reservations, never below zero", inventory.Run),
		service("payment", "charges and refunds, exactly once per order", payment.Run),
		service("shipping", "parcels, from booking to dispatch", shipping.Run),
		service("notification", "tells customers by e-mail, text and push message", notification.Run),
		{"dlq", "list dead letters, or send them back: dlq list [QUEUE], dlq redrive QUEUE [EVENT-ID …]", deadLetters},
		{"staff", "let an account run the shop: staff add EMAIL", staff},
		{"refunds", "settle refunds that failed: refunds list, refunds retry ORDER, refunds settle ORDER", refunds},
		{"healthcheck", "ask the service of this container whether it is ready", healthcheck},
	}
}

// service is a command that runs until it is told to stop, with its settings from the environment.
func service(name, does string, program boot.Program) command {
	return command{name, does, func(args []string, stdout, stderr io.Writer) int {
		if len(args) > 0 {
			fmt.Fprintf(stderr, "shop %s: takes no arguments, its settings come from the environment; got %q\n", name, args)
			return boot.ExitUsage
		}
		return boot.Run(name, program, stdout, stderr)
	}}
}

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return boot.ExitUsage
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(args[1:], stdout, stderr)
		}
	}
	if args[0] == "help" || strings.HasPrefix(args[0], "-h") || args[0] == "--help" {
		usage(stdout)
		return boot.ExitOK
	}
	fmt.Fprintf(stderr, "shop: there is no command %q\n\n", args[0])
	usage(stderr)
	return boot.ExitUsage
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: shop COMMAND")
	fmt.Fprintln(w)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-14s %s\n", c.name, c.does)
	}
}
