// Package shop is what the harness knows of the shop: who visits it, what is measured of the visits, and what must be true
// of it whatever breaks. It sees the shop as its clients and its witnesses do: through the public door, by the services'
// audits, and by the books of the companies outside.
package shop

import (
	"fmt"

	"stormglass/chaos/load"
	"stormglass/chaos/verdict"
	"stormglass/system/api/catalogue"
)

// Registry is the explicit list of it all.
func Registry() verdict.Registry {
	return verdict.Registry{
		Shoppers: []verdict.Shopper{{
			Name: "browse-and-buy",
			Doc:  "looks around, puts one to three products into the cart, orders, and follows the order to its end",
			New:  func() load.Shopper { return &buyer{} },
		}, {
			Name: "checkout",
			Doc:  "orders what is in the cart already, and nothing else: for measuring",
			New:  func() load.Shopper { return &till{} },
		}, {
			Name: returningName,
			Doc:  "the same as browse-and-buy, after trading a refresh token for new tokens; without an answer it sends the same token again",
			New:  func() load.Shopper { return &buyer{refreshes: true} },
		}, {
			Name: declinedName,
			Doc:  "the same as browse-and-buy, with a card that the bank declines",
			New:  func() load.Shopper { return &buyer{errands: declined} },
		}, {
			Name: refundsFailName,
			Doc:  "the same as browse-and-buy, from where nobody delivers to, with a card whose first refund is pending or fails",
			New:  func() load.Shopper { return &buyer{errands: refundsFail, cards: refundCards()} },
		}, {
			Name: rushName,
			Doc:  fmt.Sprintf("wants one piece of %s, of which there are %d, and has it in the cart when the sale opens; comes back when told to", onSale().ID, onSale().Stock),
			New:  func() load.Shopper { return &rush{wants: []catalogue.Product{onSale()}, tries: 10} },
		}, {
			Name: rushHourName,
			Doc:  "has one piece of something in the cart already, and goes home when turned away",
			New:  func() load.Shopper { return &rush{wants: everyday(), ends: shipped, tries: 1} },
		}, {
			Name: historiesName,
			Doc:  "two customers in three or four sessions who fill carts, order, repeat and cancel at the same time, for comparing with a model of the shop",
			New:  func() load.Shopper { return &histories{} },
		}, {
			Name: strollerName,
			Doc:  "has no account, searches for something that nobody has searched for yet, and looks at what comes first",
			New:  func() load.Shopper { return &stroller{} },
		}},
		Signals:  signals(),
		Checks:   append(append(expectations(), invariants()...), risks()...),
		Acts:     acts(),
		Timeline: timeline,
		Tour:     tour{},
		Workload: workload(),
	}
}
