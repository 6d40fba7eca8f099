package events

import (
	"embed"
	"fmt"
	"io/fs"

	"stormglass/system/platform/store"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the tables of the outbox and the inbox, for any service's database.
func Migrations() store.Migrations {
	sub, err := fs.Sub(files, "migrations")
	if err != nil {
		panic(fmt.Sprintf("embedded migrations: %v", err)) // the path is a constant
	}
	return store.Migrations{Name: "events", Files: sub}
}

// AuditTables shows what a service sent and took in: one row for each event in the outbox and the inbox, and how many
// more there were before they were pruned.
func AuditTables() []store.Table {
	return []store.Table{
		{Name: "outbox", Query: `SELECT id, type, key, time_us, sent_us FROM outbox ORDER BY id`},
		{Name: "outbox_pruned", Query: `SELECT type, events FROM outbox_pruned ORDER BY type`},
		{Name: "inbox", Query: `SELECT queue, event_id, type, applied_us FROM inbox ORDER BY event_id, queue`},
		{Name: "inbox_pruned", Query: `SELECT queue, type, events FROM inbox_pruned ORDER BY queue, type`},
	}
}
