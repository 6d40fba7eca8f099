package inventory

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// Outbox takes events into the transaction that makes them true.
type Outbox interface {
	Reserved(ctx context.Context, tx *store.Tx, order OrderID) error
	Rejected(ctx context.Context, tx *store.Tx, order OrderID, product ProductID) error
}

// Service holds the use cases. Those that a consumer calls take its transaction.
type Service struct {
	tel    *telemetry.Telemetry
	db     *store.DB
	outbox Outbox
	// life is how long a reservation waits for a decision. It must be longer than orders wait for theirs.
	life    time.Duration
	figures figures
	now     func() time.Time
}

// Reserve takes all of an order's lines, or none and says so. An order that is known already keeps what it has.
func (s *Service) Reserve(ctx context.Context, tx *store.Tx, order OrderID, lines []Line) error {
	lines, err := merge(lines)
	if err != nil {
		return err
	}
	if _, known, err := reservation(ctx, tx, order); known || err != nil {
		return err
	}
	r := Reservation{Order: order, State: Reserved, Lines: lines, Expires: s.now().Add(s.life)}
	err = tx.Savepoint(ctx, func() error { return shiftAll(ctx, tx, lines, available, reserved) })
	var missing tooLittle
	switch {
	case errors.As(err, &missing):
		r.State = Rejected
		err = s.outbox.Rejected(ctx, tx, order, missing.product)
	case err == nil:
		err = s.outbox.Reserved(ctx, tx, order)
	}
	if err != nil {
		return err
	}
	return s.insert(ctx, tx, r)
}

// Commit sells what an order holds.
func (s *Service) Commit(ctx context.Context, tx *store.Tx, order OrderID, lines []Line) error {
	r, known, err := reservation(ctx, tx, order)
	switch {
	case err != nil:
		return err
	case !known || r.State == Expired:
		return s.commitLate(ctx, tx, order, lines, known)
	case r.State != Reserved:
		return nil
	}
	if err := shiftAll(ctx, tx, r.Lines, reserved, sold); err != nil {
		return err
	}
	return s.enter(ctx, tx, r, Committed)
}

// commitLate sells to a confirmed order that holds nothing any more. When the goods are gone, people must act.
func (s *Service) commitLate(ctx context.Context, tx *store.Tx, order OrderID, lines []Line, known bool) error {
	lines, err := merge(lines)
	if err != nil {
		return err
	}
	r := Reservation{Order: order, State: Committed, Lines: lines, Expires: s.now()}
	err = tx.Savepoint(ctx, func() error { return shiftAll(ctx, tx, lines, available, sold) })
	if _, short := errors.AsType[tooLittle](err); short {
		s.tel.Log.Error().Ctx(ctx).Str("order_id", string(order)).Msg("confirmed order has no goods: its reservation had expired")
		tx.AfterCommit(s.figures.short.Inc)
		r.State, err = Short, nil
	}
	if err != nil {
		return err
	}
	if known {
		return s.enter(ctx, tx, r, r.State)
	}
	return s.insert(ctx, tx, r)
}

// Release gives back what a cancelled order holds or had bought. An order that nobody knows yet is remembered, so that it
// will never hold anything.
func (s *Service) Release(ctx context.Context, tx *store.Tx, order OrderID) error {
	r, known, err := reservation(ctx, tx, order)
	if err != nil {
		return err
	}
	if !known {
		return s.insert(ctx, tx, Reservation{Order: order, State: Released, Expires: s.now()})
	}
	switch r.State {
	case Reserved:
		err = shiftAll(ctx, tx, r.Lines, reserved, available)
	case Committed:
		err = shiftAll(ctx, tx, r.Lines, sold, available)
	}
	if err != nil {
		return err
	}
	return s.enter(ctx, tx, r, Released)
}

// insert writes down a reservation that is new.
func (s *Service) insert(ctx context.Context, tx *store.Tx, r Reservation) error {
	s.tell(ctx, tx, r.Order, r.State)
	return insertReservation(ctx, tx, r, s.now())
}

// enter moves a reservation to a state.
func (s *Service) enter(ctx context.Context, tx *store.Tx, r Reservation, to State) error {
	if r.State != to {
		s.tell(ctx, tx, r.Order, to)
	}
	return setState(ctx, tx, r, to, s.now())
}

// tell logs what became of an order's goods, once that is certain.
func (s *Service) tell(ctx context.Context, tx *store.Tx, order OrderID, state State) {
	tx.AfterCommit(func() {
		s.tel.Log.Info().Ctx(ctx).Str("order_id", string(order)).Str("state", string(state)).Msg("reservation moved")
	})
}

// expire gives back what reservations hold whose time is up.
func (s *Service) expire(ctx context.Context) error {
	var due []Reservation
	err := s.db.Read(ctx, "find expired reservations", func(ctx context.Context, tx *store.Tx) (err error) {
		due, err = overdue(ctx, tx, s.now())
		return err
	})
	if err != nil || len(due) == 0 {
		return err
	}
	return s.db.InTx(ctx, "expire reservations", func(ctx context.Context, tx *store.Tx) error {
		for _, r := range due {
			now, known, err := reservation(ctx, tx, r.Order)
			if err != nil {
				return err
			}
			if !known || now.State != Reserved { // decided meanwhile
				continue
			}
			if err := shiftAll(ctx, tx, r.Lines, reserved, available); err != nil {
				return err
			}
			if err := setState(ctx, tx, r, Expired, s.now()); err != nil {
				return err
			}
			tx.AfterCommit(func() {
				s.figures.expired.Inc()
				s.tel.Log.Warn().Str("order_id", string(r.Order)).Msg("reservation expired without a decision")
			})
		}
		return nil
	})
}

// Stocks gives the stock of the products that exist among the ids.
func (s *Service) Stocks(ctx context.Context, ids []ProductID) (stocks []Stock, err error) {
	err = s.db.Read(ctx, "get stock", func(ctx context.Context, tx *store.Tx) error {
		stocks = nil
		for _, id := range ids {
			stock, err := stockOf(ctx, tx, id)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			stocks = append(stocks, stock)
		}
		return nil
	})
	return stocks, err
}

// Restock takes in the pieces of a product that came with a delivery. The same key and request change nothing the second time; the
// same delivery under another key is refused.
func (s *Service) Restock(ctx context.Context, key, deliveryNote string, line Line) (stock Stock, err error) {
	if key == "" || len(key) > longestKey {
		return Stock{}, problem.InvalidFields(problem.Field{Name: "Idempotency-Key", Problem: "send a header of 1 to 200 characters that is new for each restock, such as a UUID"})
	}
	if deliveryNote == "" || len(deliveryNote) > longestNote {
		return Stock{}, problem.InvalidFields(problem.Field{Name: "delivery_note", Problem: "the supplier's number for the delivery, 1 to 100 characters"})
	}
	if line.Quantity < 1 || line.Quantity > mostPieces {
		return Stock{}, problem.InvalidFields(problem.Field{Name: "quantity", Problem: "1 to 1000000"})
	}
	err = s.db.InTx(ctx, "restock", func(ctx context.Context, tx *store.Tx) error {
		first, fresh, err := insertRestock(ctx, tx, restock{key, deliveryNote, line}, s.now())
		switch {
		case err != nil:
			return err
		case fresh:
			if err := receive(ctx, tx, line); err != nil {
				return err
			}
		case first.key != key:
			return problem.New(problem.Conflict, "delivery_received", "this product of delivery %s was taken in before: nothing was added", deliveryNote)
		case first != restock{key, deliveryNote, line}:
			return problem.New(problem.Conflict, "idempotency_key_reused", "this Idempotency-Key was used for a different restock: send a new key with each new one")
		}
		stock, err = stockOf(ctx, tx, line.Product)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Stock{}, problem.New(problem.NotFound, "product_not_found", "there is no such product")
	}
	return stock, err
}
