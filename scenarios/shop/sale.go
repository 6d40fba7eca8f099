package shop

import (
	"fmt"
	"net/http"

	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
	"stormglass/chaos/verdict"
)

// saleFair is what a flash sale owes to those who came: the goods, or a word; and nothing stays on the shelf that somebody
// was told is gone.
func saleFair(f *evidence.Folder) (verdict.Result, error) {
	orders, err := ordersOf(f)
	if err != nil {
		return verdict.Result{}, err
	}
	stock, err := table[stockRow](f, "inventory", "stock")
	if err != nil {
		return verdict.Result{}, err
	}
	s := sale{product: onSale().ID, kept: map[sender]orderRow{}}
	for _, o := range orders {
		s.kept[sender{o.User, o.Key}] = o
		if err := s.count(o); err != nil {
			return verdict.Result{}, err
		}
	}
	for sender, last := range lastTries(f.History) {
		s.told(sender, last)
	}
	shelf, there := by(stock, func(r stockRow) string { return r.Product })[s.product]
	if !there {
		return verdict.Result{}, fmt.Errorf("find stock: there is no %s", s.product)
	}
	if s.soldOut == 0 {
		return verdict.Result{Inconclusive: fmt.Sprintf("nobody was told that %s is sold out: there was no contest", s.product)}, nil
	}
	s.also(s.sold <= shelf.Received, "%d pieces were shipped, of %d", s.sold, shelf.Received)
	s.also(shelf.Available <= s.returned, "%d pieces are left though %d customers were told that there is none; %d were given back meanwhile", shelf.Available, s.soldOut, s.returned)
	return s.result("%d of %d pieces shipped, %d left; %d customers came, %d were told that it is sold out, %d were turned away; %d more have no order and got no answer",
		s.sold, shelf.Received, shelf.Available, s.compared, s.soldOut, s.turnedAway, s.unanswered), nil
}

// sale counts what became of a flash sale.
type sale struct {
	tally
	product             string
	kept                map[sender]orderRow
	sold, returned      int64 // pieces of the product
	soldOut, turnedAway int   // customers of the sale
	unanswered          int   // those of whom there is no order, and who never got an answer
}

// count adds an order, whoever placed it: the usual visitors may buy what is on sale, too.
func (s *sale) count(o orderRow) error {
	pieces, err := linesOf(o.Items)
	switch {
	case err != nil:
		return err
	case o.State == shipped:
		s.sold += pieces[s.product]
	case o.State == cancelled && o.Reason != outOfStock:
		s.returned += pieces[s.product]
	}
	return nil
}

// told asks what one customer of the sale was told in the end.
func (s *sale) told(who sender, last load.Operation) {
	o, ordered := s.kept[who]
	if !ordered && last.Outcome == load.Unknown {
		s.unanswered++ // who sent the order and heard nothing; the shop has made none of it, and nothing was taken from them
		return
	}
	if !ordered {
		refused := last.Status == http.StatusTooManyRequests || last.Status == http.StatusServiceUnavailable
		s.expect(refused, "customer %s has no order, and the last answer was: %s", who.user, answer(last))
		s.turnedAway++
		return
	}
	s.expect(o.State == shipped || o.State == cancelled && o.Reason == outOfStock, "order %s of the sale is %s %s", o.ID, o.State, o.Reason)
	if o.State == cancelled {
		s.soldOut++
	}
}

// lastTries gives the last checkout of each customer of the sale.
func lastTries(history []load.Operation) map[sender]load.Operation {
	last := map[sender]load.Operation{}
	for _, o := range history {
		if o.Shopper == rushName && isCheckout(o) {
			last[sender{o.Fields["user_id"], o.Key}] = o
		}
	}
	return last
}
