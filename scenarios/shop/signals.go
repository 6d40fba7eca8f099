package shop

import (
	"math"
	"net/http"
	"slices"

	"stormglass/chaos/load"
	"stormglass/chaos/verdict"
)

func signals() []verdict.Signal {
	return []verdict.Signal{
		{
			Name: "checkout_success", Unit: "of 1",
			Doc:  "Share of checkouts that were accepted (202) at the first try, among those that were not the client's own mistake (4xx but 429). One that was not answered is not accepted.",
			Func: func(ops []load.Operation) (float64, int) { return share(ops, wentWell, opCheckout) },
		},
		{
			Name: "checkout_latency_p50", Unit: "seconds",
			Doc:  "Median time of a checkout, from when the shopper would have sent it had the visit begun in time. One that was not answered counts with all of its wait.",
			Func: func(ops []load.Operation) (float64, int) { return latency(ops, 0.50, opCheckout) },
		},
		{
			Name: "checkout_latency_p99", Unit: "seconds",
			Doc:  "The same for the slowest hundredth.",
			Func: func(ops []load.Operation) (float64, int) { return latency(ops, 0.99, opCheckout) },
		},
		{
			Name: "browse_success", Unit: "of 1",
			Doc:  "Share of searches and product pages that were answered.",
			Func: func(ops []load.Operation) (float64, int) { return share(ops, wentWell, opSearch, opView) },
		},
		{
			Name: "cart_success", Unit: "of 1",
			Doc:  "Share of reads and changes of carts that were answered. A shopper whose cart is away never comes to the checkout.",
			Func: func(ops []load.Operation) (float64, int) { return share(ops, wentWell, opCart) },
		},
		{
			Name: "completion", Unit: "of 1",
			Doc: "Share of accepted orders that were shipped before their shoppers stopped watching, among those that nothing speaks against: their cards are good, somebody delivers there, and nobody cancels them.",
			Func: func(ops []load.Operation) (float64, int) {
				deliverable := slices.DeleteFunc(slices.Clone(ops), func(o load.Operation) bool { return o.Fields["ends"] != shipped })
				return share(deliverable, func(o load.Operation) bool { return o.Fields["state"] == shipped }, opCompletion)
			},
		},
	}
}

func wentWell(o load.Operation) bool { return o.Outcome == load.OK }

// ownMistake reports a refusal that is the client's own to mend.
func ownMistake(o load.Operation) bool {
	return o.Outcome == load.Failed && o.Status/100 == 4 && o.Status != http.StatusTooManyRequests
}

// share gives which part of the named operations is good, and of how many. Clients' own mistakes are left out.
func share(ops []load.Operation, good func(load.Operation) bool, names ...string) (float64, int) {
	var n, of int
	for _, o := range ops {
		if !slices.Contains(names, o.Name) || ownMistake(o) {
			continue
		}
		of++
		if good(o) {
			n++
		}
	}
	return float64(n) / math.Max(1, float64(of)), of
}

// latency gives a quantile in seconds by the nearest rank, of operations that went well or were not answered.
func latency(ops []load.Operation, quantile float64, name string) (float64, int) {
	var took []float64
	for _, o := range ops {
		if o.Name == name && o.Outcome != load.Failed {
			took = append(took, o.Latency().Seconds())
		}
	}
	if len(took) == 0 {
		return 0, 0
	}
	slices.Sort(took)
	rank := int(math.Ceil(quantile * float64(len(took))))
	return took[rank-1], len(took)
}
