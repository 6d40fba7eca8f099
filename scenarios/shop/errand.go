package shop

import "math/rand/v2"

// How an order is expected to end.
const (
	shipped   = "shipped"
	cancelled = "cancelled"
)

// errand is a way of buying. Most people just buy; the others make the shop undo what it has done, so that every run
// holds orders whose money and goods must go back.
type errand struct {
	percent int
	card    string
	country string
	regrets bool   // cancels as soon as the order is accepted, which may come too late
	ends    string // how the order must end; empty when that depends on who is faster
}

// errands are all there are.
func errands() []errand {
	return []errand{
		{percent: 85, card: goodCard, country: "DE", ends: shipped},
		{percent: 5, card: goodCard, country: "AQ", ends: cancelled}, // nobody delivers to Antarctica: charged, then refunded
		{percent: 5, card: badCard, country: "DE", ends: cancelled},
		{percent: 5, card: goodCard, country: "DE", regrets: true},
	}
}

// everyone is how many visits it takes until each errand has been run as often as its share says.
const everyone = 20

// errandOf gives the errand of the nth visit. Within any twenty visits in a row each errand has its exact share; no seed
// leaves one out.
func errandOf(visit int) errand {
	order := rand.New(rand.NewPCG(1, everyone)).Perm(everyone)
	place := order[visit%everyone] * 100 / everyone
	all := errands()
	for _, e := range all {
		if place -= e.percent; place < 0 {
			return e
		}
	}
	return all[0]
}
