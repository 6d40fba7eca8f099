package shop

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
)

// The rows are what the services' audits show of their tables, by the names of their columns. Times are microseconds since
// 1970, money is in minor units.
type (
	orderRow struct {
		ID     string
		User   string `json:"user_id"`
		Key    string `json:"idempotency_key"`
		State  string
		Reason string
		Items  string // JSON: a list of lines
		Total  int64  `json:"total_minor"`
		// CartVersion is 0 in evidence of before audits showed it.
		CartVersion int64 `json:"cart_version"`
		Created     int64 `json:"created_us"`
		Updated     int64 `json:"updated_us"`
	}
	paymentRow struct {
		Order  string `json:"order_id"`
		Amount int64  `json:"amount_minor"`
		State  string
		Since  int64 `json:"since_us"`
	}
	stockRow struct {
		Product                             string `json:"product_id"`
		Received, Available, Reserved, Sold int64
	}
	reservationRow struct {
		Order string `json:"order_id"`
		State string
		Lines string // JSON: a list of lines
	}
	cartRow struct {
		User  string `json:"user_id"`
		Items string // JSON: a list of lines
	}
	// line is a number of pieces of one product, in an order or a reservation.
	line struct {
		Product  string `json:"product_id"`
		Quantity int64
	}
)

// ledger is the books of the card processor.
type ledger struct {
	Intents []struct {
		ID       string
		Order    string `json:"order_id"`
		Amount   int64
		State    string
		Captured int64
		Refunded int64
	}
	Refunds []bookedRefund
}

// bookedRefund is a refund in the books of the card processor, whatever became of it.
type bookedRefund struct {
	Intent string
	Order  string `json:"order_id"`
	Amount int64
	// Status is empty in books of a time when every refund succeeded at once. SucceededAt stays when one fails after that.
	Status      string
	SucceededAt time.Time `json:"succeeded_at"`
}

// completed says that the customer has the money.
func (r bookedRefund) completed() bool { return r.Status == "" || r.Status == "succeeded" }

// everCompleted says that the processor called it completed at some time.
func (r bookedRefund) everCompleted() bool { return r.completed() || !r.SucceededAt.IsZero() }

func (o orderRow) final() bool { return o.State == shipped || o.State == cancelled }

// table reads one table of a service's audit. The rows are for reading only, since all checks share them.
func table[Row any](f *evidence.Folder, service, name string) ([]Row, error) {
	var audit struct{ Tables map[string]json.RawMessage }
	if err := f.Audit(service, &audit); err != nil {
		return nil, err
	}
	raw, ok := audit.Tables[name]
	if !ok {
		return nil, fmt.Errorf("read audit of %s: it has no table %s", service, name)
	}
	var rows []Row
	if err := f.Decode("table "+name+" of "+service, raw, &rows); err != nil {
		return nil, err
	}
	return rows, nil
}

func ordersOf(f *evidence.Folder) ([]orderRow, error) { return table[orderRow](f, "order", "orders") }

func paymentsOf(f *evidence.Folder) ([]paymentRow, error) {
	return table[paymentRow](f, "payment", "payments")
}

func ledgerOf(f *evidence.Folder) (l ledger, err error) { return l, f.Book("card-processor", &l) }

// linesOf reads lines and adds up those of the same product.
func linesOf(text string) (map[string]int64, error) {
	var lines []line
	if err := json.Unmarshal([]byte(text), &lines); err != nil {
		return nil, fmt.Errorf("decode lines %q: %w", text, err)
	}
	pieces := map[string]int64{}
	for _, l := range lines {
		pieces[l.Product] += l.Quantity
	}
	return pieces, nil
}

// by makes a map of rows; a later row of the same key wins.
func by[Row any](rows []Row, key func(Row) string) map[string]Row {
	m := make(map[string]Row, len(rows))
	for _, r := range rows {
		m[key(r)] = r
	}
	return m
}

// inOrder goes through a map by its keys, so that the same evidence gives the same words.
func inOrder[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

func ordersByID(f *evidence.Folder) (map[string]orderRow, error) {
	rows, err := ordersOf(f)
	return by(rows, func(o orderRow) string { return o.ID }), err
}

// acceptance is a checkout that a client saw accepted.
type acceptance struct {
	load.Operation
	order            string
	total, cartTotal int64
}

// accepted lists every such checkout, repeats too.
func accepted(f *evidence.Folder) ([]acceptance, error) {
	var all []acceptance
	for _, o := range f.History {
		if !isCheckout(o) || o.Outcome != load.OK {
			continue
		}
		total, err := strconv.ParseInt(o.Fields["total"], 10, 64)
		shown, err2 := strconv.ParseInt(o.Fields["cart_total"], 10, 64)
		if err := errors.Join(err, err2); err != nil {
			return nil, fmt.Errorf("read checkout %d of the history: %w", o.Seq, err)
		}
		all = append(all, acceptance{o, o.Fields["order_id"], total, shown})
	}
	return all, nil
}

func isCheckout(o load.Operation) bool { return o.Name == opCheckout || o.Name == opRepeat }

// struck is when the first fault really hit: for one that waits for its moment that is later than its phase's beginning.
func struck(f *evidence.Folder) time.Time {
	at := f.Run.Struck()
	var first time.Time
	for _, d := range f.Doses {
		if !d.Start.IsZero() && (first.IsZero() || d.Start.Before(first)) {
			first = d.Start
		}
	}
	if first.After(at) {
		return first
	}
	return at
}
