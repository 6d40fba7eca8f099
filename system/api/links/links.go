// Package links is the table of what each of the shop's links may cost: one row for each arrow, client -> server, that
// a service draws in system/shop.yaml. policies.go says what the words in it stand for, number by number.
//
// The link from the card processor to the gateway has no row: its client is a company outside, with policies of its own.
package links

import (
	"fmt"

	"stormglass/system/platform/resilience"
)

// Row is one link and its policy.
type Row struct {
	Client, Server string
	Policy         resilience.Policy
}

// Table gives all rows.
func Table() []Row {
	return []Row{
		// What a shopper waits for. The gateway gives a service that asks others itself more time than these get.
		{"gateway", "user", asker()},
		{"gateway", "cart", asker()},
		{"gateway", "order", asker()},
		{"gateway", "product", neighbour()},
		{"gateway", "inventory", neighbour()},
		{"gateway", "payment", neighbour()},
		{"gateway", "shipping", neighbour()},
		{"cart", "product", inner()},
		{"order", "cart", inner()},
		{"order", "product", inner()},

		// Public keys for tokens: fetched now and then, and kept.
		{"product", "user", keys()},
		{"cart", "user", keys()},
		{"order", "user", keys()},
		{"inventory", "user", keys()},
		{"payment", "user", keys()},
		{"shipping", "user", keys()},

		// Companies outside: only durable work calls them, so nobody waits and nothing is lost while they are away.
		{"payment", "card-processor", company()},
		{"shipping", "carrier", company()},
		{"notification", "messenger", company()},
		{"notification", "mailbox", mailbox()},

		{"user", "broker", broker()},
		{"cart", "broker", broker()},
		{"order", "broker", broker()},
		{"inventory", "broker", broker()},
		{"payment", "broker", broker()},
		{"shipping", "broker", broker()},
		{"notification", "broker", broker()},

		{"product", "documents", documents()},
		{"cart", "cache", cache()},

		{"user", "user-db", database()},
		{"order", "order-db", database()},
		{"inventory", "inventory-db", database()},
		{"payment", "payment-db", database()},
		{"shipping", "shipping-db", database()},
		{"notification", "notification-db", database()},
	}
}

// Policy gives the policy of a link, or says that the table lacks its row.
func Policy(client, server string) (resilience.Policy, error) {
	for _, row := range Table() {
		if row.Client == client && row.Server == server {
			return row.Policy, nil
		}
	}
	return resilience.Policy{}, fmt.Errorf("no policy for link %s -> %s: add its row to the table in system/api/links", client, server)
}
