package cardprocessor

import (
	"math"
	"sort"
)

const (
	usualPage   = 10
	longestPage = 100
)

// listObject is a page of a list, in Stripe's form.
type listObject struct {
	Object string         `json:"object"`
	URL    string         `json:"url"`
	More   bool           `json:"has_more"`
	Data   []intentObject `json:"data"`
}

// listIntents gives a page of intents, the newest first. It runs with the ledger locked.
func (a *API) listIntents(_ string, p params) answer {
	limit, refused := p.whole("limit", usualPage, 1, longestPage)
	from, refusedFrom := p.whole("created[gte]", 0, 0, math.MaxInt64)
	to, refusedTo := p.whole("created[lt]", math.MaxInt64, 0, math.MaxInt64)
	for _, r := range []*refusal{refused, refusedFrom, refusedTo} {
		if r != nil {
			return r.answer()
		}
	}
	first, last := a.ledger.createdAt(from), a.ledger.createdAt(to)
	if after := p.text("starting_after"); after != "" {
		if _, found := a.ledger.intent(after); !found {
			return noSuch("payment intent", after, "starting_after").answer()
		}
		last = min(last, a.ledger.byID[after])
	}
	list := listObject{Object: "list", URL: "/v1/payment_intents", Data: []intentObject{}}
	for n := last - 1; n >= first; n-- {
		if int64(len(list.Data)) == limit {
			list.More = true
			break
		}
		list.Data = append(list.Data, a.shown(a.ledger.intents[n], p, "data."))
	}
	return ok(list)
}

// shown is an intent as a reader asked for it: with its charge, and that with its refunds. It runs with the ledger locked.
func (a *API) shown(i Intent, p params, prefix string) intentObject {
	withRefunds := p.expands(prefix + "latest_charge.refunds")
	o := i.object(withRefunds || p.expands(prefix+"latest_charge"))
	if c, expanded := o.LatestCharge.(chargeObject); expanded && withRefunds {
		c.Refunds = &refundList{Object: "list", URL: "/v1/charges/" + c.ID + "/refunds", Data: []refundObject{}}
		for _, r := range a.ledger.refundsIn(i.ID) {
			if c.Refunds.More = len(c.Refunds.Data) == usualPage; c.Refunds.More {
				break
			}
			c.Refunds.Data = append(c.Refunds.Data, r.object())
		}
		o.LatestCharge = c
	}
	return o
}

// createdAt gives the place of the first intent that was created at a second since 1970 or later. The caller holds the lock.
func (l *Ledger) createdAt(second int64) int {
	return sort.Search(len(l.intents), func(n int) bool { return l.intents[n].CreatedAt.Unix() >= second })
}
