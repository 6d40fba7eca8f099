package payment

import (
	"stormglass/system/platform/store"
	"stormglass/system/platform/work"
)

// charges is the backlog of payments that something must be done about.
const charges = "payment.charges"

// toDo is the table of payments as durable work.
func toDo(db *store.DB) work.Table[Payment] {
	return work.Table[Payment]{
		DB: db, Name: "payments", Key: "order_id", Columns: columns, Due: "state IN ('due', 'cancelling', 'refunding')",
		Scan: scan, ID: func(p Payment) string { return string(p.Order) },
	}
}
