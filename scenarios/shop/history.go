package shop

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
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

// session is one client of a customer.
type session struct {
	*player
	number, customer int
	who              *customer
	seen             cart
	last             request // the order that was sent last
	order            string  // the order that was accepted last
}

func (s *session) play(ctx context.Context, steps []model.Step) {
	for _, step := range steps {
		if ctx.Err() != nil {
			return
		}
		s.step(ctx, step)
	}
}

func (s *session) step(ctx context.Context, step model.Step) {
	c := model.Call{Customer: s.customer, Session: s.number, Kind: step.Kind, Quantity: step.Quantity}
	product := s.products[step.Product]
	switch {
	case step.Kind == model.Put:
		c.Product = product
		s.inCart(ctx, c, request{method: http.MethodPut, path: "/v1/cart/items/" + product, body: map[string]int64{"quantity": step.Quantity}})
	case step.Kind == model.Remove:
		c.Product = product
		s.inCart(ctx, c, request{method: http.MethodDelete, path: "/v1/cart/items/" + product})
	case step.Kind == model.Clear:
		s.inCart(ctx, c, request{method: http.MethodDelete, path: "/v1/cart"})
	case step.Kind == model.Order && len(s.seen.Items) > 0:
		s.checkout(ctx, c, s.newOrder())
	case step.Kind == model.Race:
		s.read(ctx)
		select {
		case s.meet <- struct{}{}:
		case <-s.meet:
		case <-ctx.Done():
		}
		if c.Kind = model.Order; len(s.seen.Items) > 0 {
			s.checkout(ctx, c, s.newOrder())
		}
	case step.Kind == model.Repeat && s.last.key != "":
		s.checkout(ctx, c, s.last)
	case step.Kind == model.OtherKey && s.last.key != "":
		again := s.last
		again.key = s.key()
		s.checkout(ctx, c, again)
	case step.Kind == model.Cancel && s.order != "":
		c.Order = s.order
		s.call(ctx, c, request{method: http.MethodPost, path: "/v1/orders/" + s.order + "/cancel", token: s.who.token}, nil, func(*model.Call) {})
	case step.Kind == model.Reprice && s.staff != "":
		c.Product = product
		price := map[string]amount{"price": {1000 + step.Quantity, catalogue.Currency}}
		s.call(ctx, c, request{method: http.MethodPut, path: "/v1/products/" + product + "/price", token: s.staff, body: price}, nil, func(*model.Call) {})
	case step.Kind == model.Register:
		s.register(ctx, c, step.Product%model.Addresses)
	default:
		s.read(ctx)
	}
}

func (s *session) read(ctx context.Context) {
	s.inCart(ctx, model.Call{Customer: s.customer, Session: s.number, Kind: model.Read}, request{method: http.MethodGet, path: "/v1/cart"})
}

// lines gives the pieces in the cart by product.
func (c cart) lines() map[string]int64 {
	lines := map[string]int64{}
	for _, i := range c.Items {
		lines[i.ID] = i.Quantity
	}
	return lines
}

func (s *session) inCart(ctx context.Context, c model.Call, r request) {
	r.token = s.who.token
	var answer cart
	s.call(ctx, c, r, &answer, func(c *model.Call) {
		c.Version, c.Lines, s.seen = answer.Version, answer.lines(), answer
	})
}

// key gives a key that nothing was sent with.
func (s *session) key() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys++
	return fmt.Sprintf("history-%s-%d", s.name, s.keys)
}

func (s *session) newOrder() request {
	p := purchase{who: s.who, cart: s.seen, key: s.key(), errand: errand{card: goodCard, country: "DE"}}
	return p.request()
}

func (s *session) checkout(ctx context.Context, c model.Call, r request) {
	s.last, c.Key = r, r.key
	c.Version = r.body.(map[string]any)["cart_version"].(int64)
	var answer placedOrder
	done := s.call(ctx, c, r, &answer, func(c *model.Call) { c.Order, c.Lines = answer.ID, answer.lines() })
	if done.Outcome == model.OK {
		s.order = done.Order
	}
}

func (s *session) register(ctx context.Context, c model.Call, address int) {
	c.Email, c.Key = fmt.Sprintf("history-%s-%d@example.com", s.name, address), s.key()
	var answer struct {
		UserID string `json:"user_id"`
	}
	account := map[string]string{"email": c.Email, "password": password, "name": fmt.Sprintf("Session %d", s.number)}
	s.call(ctx, c, request{method: http.MethodPost, path: "/v1/users", key: c.Key, body: account}, &answer, func(c *model.Call) { c.User = answer.UserID })
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
		open += len(undecided)
		t.compared++
		for _, b := range broken {
			t.also(false, "history %d: %s", visit, b)
		}
	}
	return t.result("%d histories of %d calls, %d that did not come to their end, %d questions undecided", t.compared, calls, unfinished, open), nil
}
