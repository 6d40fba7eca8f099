package payment

import (
	"stormglass/system/platform/store"
	"stormglass/system/platform/work"
)

// The backlogs of payments that something must be done about. A refund that waits for the processor is none of the charges'
// backlog: it may take days, and then nothing is wrong.
const (
	charges = "payment.charges"
	refunds = "payment.refunds"
)

// toDo is the table of payments as durable work.
func toDo(db *store.DB) work.Table[Payment] {
	return work.Table[Payment]{
		DB: db, Name: "payments", Key: "order_id", Columns: columns, Due: "state IN ('due', 'cancelling', 'refunding')",
		Scan: scan, ID: func(p Payment) string { return string(p.Order) },
	}
}

// pendingRefunds is the table of payments as durable work that waits.
func pendingRefunds(db *store.DB) work.Table[Payment] {
	table := toDo(db)
	table.Due = "state = 'refund_pending'"
	return table
}
