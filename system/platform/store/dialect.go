package store

import "context"

// dialect is what sets one kind of database apart from the other.
type dialect struct {
	// name is "sqlite" or "postgres"; goose is what the migrations' library calls it.
	name, goose string
	// begin starts a transaction for its purpose. A migrating one excludes all others that migrate.
	begin func(ctx context.Context, s session, m mode) error
	// classify gives a driver's error its meaning: a problem when the transaction is lost, a ConstraintError for a rule of
	// the schema, and the error itself when the statement was wrong.
	classify func(err error, s session) error
	// alone takes the table that is appended to it for one transaction; empty where there is one writer anyway.
	alone string
}
