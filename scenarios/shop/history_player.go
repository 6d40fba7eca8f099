package shop

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"stormglass/chaos/load"
	"stormglass/scenarios/model"
)

// player plays one history.
type player struct {
	client   *client
	name     string // no other history of the shop has it
	who      []*customer
	products []string
	staff    string // the token of somebody who may change prices; "" for nobody
	do       func(ctx context.Context, name string, step func(context.Context, *load.Operation) error) error

	meet  chan struct{}
	mu    sync.Mutex
	calls []model.Call
	keys  int
}

// play goes through the plan and then waits until the shop is idle, so that the end can be compared, too. It gives an error for a
// history that did not come so far.
func (p *player) play(ctx context.Context, plan model.Plan) error {
	for _, one := range p.who {
		if err := p.reset(ctx, one); err != nil {
			return err
		}
	}
	for _, one := range p.who {
		if one.before == nil {
			one.before = map[string]bool{}
		}
		defer func() {
			for _, c := range p.calls {
				for id := range c.Orders {
					one.before[id] = true
				}
			}
		}()
	}
	p.meet = make(chan struct{})
	var sessions sync.WaitGroup
	for i, s := range plan.Sessions {
		sessions.Go(func() {
			(&session{player: p, number: i, customer: s.Customer, who: p.who[s.Customer]}).play(ctx, s.Steps)
		})
	}
	sessions.Wait()
	for i := range p.who {
		if err := p.settle(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// reset empties a cart, until that is answered.
func (p *player) reset(ctx context.Context, who *customer) error {
	for {
		err := p.do(ctx, opHistoryReset, func(ctx context.Context, op *load.Operation) error {
			return p.client.do(ctx, op, request{method: http.MethodDelete, path: "/v1/cart", token: who.token}, nil)
		})
		if err == nil {
			return nil
		}
		if no, ok := errors.AsType[*refusal](err); ok && no.Status < 500 && !no.turnedAway() {
			return fmt.Errorf("empty the cart before the history: %w", err)
		}
		if pause(ctx, comeBack); ctx.Err() != nil {
			return fmt.Errorf("empty the cart before the history: %w", errors.Join(err, context.Cause(ctx)))
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// placed is an order as the API answers it.
type placedOrder struct {
	ID, State, Reason string
	Total             amount
	Items             []struct {
		ID       string `json:"product_id"`
		Quantity int64
	}
}

func (o placedOrder) lines() map[string]int64 {
	lines := map[string]int64{}
	for _, i := range o.Items {
		lines[i.ID] = i.Quantity
	}
	return lines
}

// call makes one request of the history and notes it with its answer. read takes over what the answer says.
func (p *player) call(ctx context.Context, c model.Call, r request, into any, read func(*model.Call)) model.Call {
	_ = p.do(ctx, opHistory+string(c.Kind), func(ctx context.Context, op *load.Operation) error {
		op.Key = c.Key
		err := p.client.do(ctx, op, r, into)
		c.Outcome = outcomeOf(err, op)
		no, refused := errors.AsType[*refusal](err)
		switch {
		case err == nil:
			read(&c)
		case refused:
			c.Reason, c.Resource = no.Reason, no.Resource
		}
		text, failed := json.Marshal(c)
		op.Set("call", string(text))
		c.Start, c.End = op.Start, time.Now()
		return errors.Join(err, failed)
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, c)
	return c
}

// outcomeOf says what a client knows after an answer. Only a refusal that is the client's own fault, and a connection that was never
// made, say for certain that nothing happened.
func outcomeOf(err error, op *load.Operation) model.Outcome {
	switch {
	case err == nil:
		return model.OK
	case op.Status/100 == 4 && op.Outcome != load.Unknown, load.Classify(err, op.Status) == load.Failed && op.Status == 0:
		return model.Refused
	}
	return model.Unknown
}

// settle waits until the customer's orders are final and the cart has lost what was ordered, and notes both. It gives an error where
// the orders do not become final.
func (p *player) settle(ctx context.Context, customer int) error {
	who := p.who[customer]
	var orders map[string]model.Placed
	err := within(ctx, ordersWithin, func() (err error) {
		orders, err = p.orders(ctx, who)
		return err
	})
	if err != nil {
		return fmt.Errorf("wait for the orders of customer %d: %w", customer, err)
	}
	p.note(ctx, model.Call{Customer: customer, Kind: model.List, Orders: orders})
	read := model.Call{Customer: customer, Kind: model.Read, Settled: true}
	faults := model.Faults{}
	before, _ := model.Check(p.calls, faults)
	if len(before) > 0 { // it may fit when the faults are taken into account
		faults.Any = true
		before, _ = model.Check(p.calls, faults)
	}
	_ = within(ctx, linesWithin, func() error {
		var c cart
		read.Start = time.Now()
		err := p.client.do(ctx, &load.Operation{}, request{method: http.MethodGet, path: "/v1/cart", token: who.token}, &c)
		if err != nil {
			return err
		}
		read.End, read.Outcome, read.Version, read.Lines = time.Now(), model.OK, c.Version, c.lines()
		if now, _ := model.Check(append(slices.Clone(p.calls), read), faults); len(now) > len(before) {
			return errors.New("the cart is not as the model has it")
		}
		return nil
	})
	if read.Outcome == "" || ctx.Err() != nil {
		return fmt.Errorf("read the cart of customer %d at the end: %w", customer, cmp.Or(context.Cause(ctx), errors.New("it was not answered")))
	}
	p.note(ctx, read) // as the model has it, or as it was when that was waited for
	return nil
}

// within tries until it works, and gives the last error when the time is over.
func within(ctx context.Context, limit time.Duration, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return nil
		}
		if pause(ctx, settleEvery); ctx.Err() != nil {
			return errors.Join(err, context.Cause(ctx))
		}
	}
}

// note writes a call down that was made by polling.
func (p *player) note(ctx context.Context, c model.Call) {
	_ = p.do(ctx, opHistory+string(c.Kind), func(_ context.Context, op *load.Operation) error {
		if c.Outcome == "" {
			c.Outcome, c.Start, c.End = model.OK, op.Start, op.Start
		}
		op.Start = c.Start
		text, err := json.Marshal(c)
		op.Set("call", string(text))
		return err
	})
	p.calls = append(p.calls, c)
}

// orders gives the customer's orders of this history once all of them are final, and what was paid for those that were cancelled is
// paid back.
func (p *player) orders(ctx context.Context, who *customer) (map[string]model.Placed, error) {
	var list struct{ Orders []placedOrder }
	if err := p.client.do(ctx, &load.Operation{}, request{method: http.MethodGet, path: "/v1/orders?page_size=40", token: who.token}, &list); err != nil {
		return nil, err
	}
	all, underWay := map[string]model.Placed{}, error(nil)
	for _, o := range list.Orders {
		if who.before[o.ID] {
			continue
		}
		var page struct {
			Payment *struct {
				State  string
				Amount amount
			}
			Degraded []string
		}
		if err := p.client.do(ctx, &load.Operation{}, request{method: http.MethodGet, path: "/v1/orders/" + o.ID, token: who.token}, &page); err != nil {
			return nil, err
		}
		placed := model.Placed{State: o.State, Reason: o.Reason, Total: o.Total.Minor, Lines: o.lines()}
		if page.Payment != nil {
			placed.Payment, placed.Amount = page.Payment.State, page.Payment.Amount.Minor
		}
		open := o.State == cancelled && !slices.Contains([]string{"", "failed", "cancelled", "refunded"}, placed.Payment)
		if open || !(orderState{State: o.State}).final() || len(page.Degraded) > 0 {
			underWay = fmt.Errorf("order %s is %s, its payment is %q, and the parts %v of its page are missing", o.ID, o.State, placed.Payment, page.Degraded)
		}
		all[o.ID] = placed
	}
	return all, underWay
}
