package cardprocessor

import "time"

// Books are the ledger as a witness shows it: who was charged what, and what was given back. Money is in minor units.
type Books struct {
	Intents []BookedIntent `json:"intents"`
	Refunds []BookedRefund `json:"refunds"`
	// WebhooksPending is how many events wait to be taken.
	WebhooksPending int `json:"webhooks_pending"`
}

// BookedIntent is one payment in the books.
type BookedIntent struct {
	ID        string    `json:"id"`
	OrderID   string    `json:"order_id"`
	Amount    int64     `json:"amount"`
	Currency  string    `json:"currency"`
	State     State     `json:"state"`
	Captured  int64     `json:"captured"`
	Refunded  int64     `json:"refunded"`
	CreatedAt time.Time `json:"created_at"`
}

// BookedRefund is one refund in the books.
type BookedRefund struct {
	ID        string    `json:"id"`
	Intent    string    `json:"intent"`
	OrderID   string    `json:"order_id"`
	Amount    int64     `json:"amount"`
	Currency  string    `json:"currency"`
	CreatedAt time.Time `json:"created_at"`
	// Status is where it stands; only one that succeeded has given money back. SucceededAt is when it first did.
	Status      RefundStatus `json:"status"`
	SucceededAt time.Time    `json:"succeeded_at,omitzero"`
}

// Books gives the ledger in the order of creation, as it is on disk.
func (l *Ledger) Books() (Books, error) {
	b := Books{WebhooksPending: l.events.len()}
	l.mu.Lock()
	b.Intents, b.Refunds = make([]BookedIntent, 0, len(l.intents)), make([]BookedRefund, 0, len(l.refunds))
	for _, i := range l.intents {
		b.Intents = append(b.Intents, BookedIntent{i.ID, i.OrderID(), i.Amount, i.Currency, i.State, i.Captured, i.Refunded, i.CreatedAt})
	}
	for _, r := range l.refunds {
		i, _ := l.intent(r.Intent) // no refund is written without its intent
		b.Refunds = append(b.Refunds, BookedRefund{r.ID, r.Intent, i.OrderID(), r.Amount, r.Currency, r.CreatedAt, r.Status, r.SucceededAt})
	}
	l.mu.Unlock()
	return b, l.journal.Sync()
}
