package shop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/fault"
	"stormglass/chaos/load"
	"stormglass/chaos/verdict"
	"stormglass/scenarios/model"
	"stormglass/system/api/catalogue"
)

// historiesName is the name of the shopper who plays histories for the model.
const historiesName = "histories"

// The operations of a history are named by the kinds of its calls.
const (
	opHistory      = "history-"
	opHistoryReset = "history-reset" // empties the carts that a history begins with
)

const (
	// ordersWithin is how long a history waits for its orders to be final, and linesWithin for ordered lines to leave the cart
	// then, where its context does not end before.
	ordersWithin = time.Minute
	linesWithin  = 15 * time.Second
	settleEvery  = 50 * time.Millisecond
	// mostPlayers bounds how many customers are made for the histories of one run.
	mostPlayers = 48
)

// histories is the shopper who plays random histories of several sessions, which the model then judges. Each has two customers and
// three products; customers come back, products may be in several histories at a time.
type histories struct {
	buyer
	products []catalogue.Product
}

// Prepare makes customers for as many histories as may overlap.
func (h *histories) Prepare(ctx context.Context, target load.Target) error {
	h.client, h.seed, h.cards = newClient(target.BaseURL, target.Doors...), target.Seed, []string{goodCard}
	h.products = everyday()
	return h.prepare(ctx, min(2*target.Visits, mostPlayers))
}

// Visit plays one history.
func (h *histories) Visit(ctx context.Context, v *load.Visit) {
	who := []*customer{h.customers.take(), h.customers.take()}
	if slices.Contains(who, nil) {
		_ = v.Do(ctx, opNobodyFree, func(context.Context, *load.Operation) error { return errors.New("every customer is busy") })
	} else {
		plan := model.Draw(v.Rand, false, false)
		p := &player{client: h.client, name: fmt.Sprintf("%s-%d", spelled(h.seed), v.Number), who: who, products: h.three(v.Number), do: v.Do}
		_ = p.play(ctx, plan) // a history that did not come to its end is counted
	}
	for _, one := range who {
		if one != nil {
			h.customers.put(one)
		}
	}
}

// three gives the products of the nth history.
func (h *histories) three(n int) (ids []string) {
	for i := range model.Products {
		ids = append(ids, h.products[(n*model.Products+i)%len(h.products)].ID)
	}
	return ids
}

// callsOf reads the calls of each history.
func callsOf(ops []load.Operation) (byVisit map[int][]model.Call, err error) {
	byVisit = map[int][]model.Call{}
	for _, o := range ops {
		text, is := o.Fields["call"]
		if !is {
			continue
		}
		c := model.Call{}
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			return nil, fmt.Errorf("read operation %d: %w", o.Seq, err)
		}
		c.Start, c.End = o.Start, o.End
		byVisit[o.Visit] = append(byVisit[o.Visit], c)
	}
	return byVisit, nil
}

// historiesFit compares the histories of a run with the model. One that did not come to its end is not compared.
func historiesFit(f *evidence.Folder) (verdict.Result, error) {
	all, err := callsOf(f.History)
	if err != nil {
		return verdict.Result{}, err
	}
	faults := model.Faults{Any: slices.ContainsFunc(f.Doses, func(d fault.Dose) bool { return d.Fault != fault.CrowdName })}
	var t tally
	calls, unfinished, open := 0, 0, 0
	for _, visit := range slices.Sorted(maps.Keys(all)) {
		own := all[visit]
		if !slices.ContainsFunc(own, func(c model.Call) bool { return c.Settled }) {
			unfinished++
			continue
		}
		calls += len(own)
		broken, undecided := model.Check(own, faults)
		if open += len(undecided); len(undecided) == 0 || len(broken) > 0 {
			t.compared++ // one that could not be decided shows nothing
		}
		for _, b := range broken {
			t.also(false, "history %d: %s", visit, b)
		}
	}
	return t.result("%d histories of %d calls, %d that did not come to their end, %d questions undecided", t.compared, calls, unfinished, open), nil
}
