package store

import (
	"context"
	"errors"
	"fmt"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
)

// ErrConflict says that a statement broke a rule of the schema; a ConstraintError tells which.
var ErrConflict = errors.New("conflicts with a rule of the schema")

// Rule is a kind of constraint.
type Rule string

// The rules.
const (
	Unique     Rule = "unique"
	ForeignKey Rule = "foreign_key"
	Check      Rule = "check"
	NotNull    Rule = "not_null"
)

// ConstraintError tells which rule of the schema a statement broke. It is an ErrConflict.
type ConstraintError struct {
	Rule Rule
	// Constraint is as much of a name as the database gives: PostgreSQL the constraint's own, SQLite that of a check, the
	// columns (`orders.id`) of a key, and nothing for a foreign key. Do not decide by it.
	Constraint string
	cause      error
}

func (e *ConstraintError) Error() string {
	return fmt.Sprintf("%v: %s %s: %v", ErrConflict, e.Rule, e.Constraint, e.cause)
}

// Is makes it an ErrConflict.
func (e *ConstraintError) Is(target error) bool { return target == ErrConflict }

func (e *ConstraintError) Unwrap() error { return e.cause }

// errContention marks a transaction that lost against another one: it had no effect, and running it again may help.
var errContention = errors.New("lost against another transaction")

// errUnknown marks a COMMIT that nobody answered.
var errUnknown = errors.New("no answer to COMMIT")

// errRowsOpen refuses a statement while the rows of an earlier query are open: PostgreSQL could not run it.
var errRowsOpen = errors.New("the rows of the last query are still open: close them before the next statement")

// away is the error of a database that cannot be reached or used.
func away(cause error) error {
	return problem.Wrap(cause, problem.Unavailable, "database_away", "the database is not available")
}

// ended is the error of a step whose context is over: the caller left, the connection had broken before, or the time ran
// out.
func ended(ctx context.Context, cause error) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return problem.Wrap(cause, problem.Canceled, "", "the caller left")
	case resilience.Broken(cause):
		return away(cause)
	}
	return late(cause)
}

// late is the error of a step that took too long.
func late(cause error) error {
	return problem.Wrap(cause, problem.Timeout, "database_late", "the database did not answer in time")
}

// contention is the error of a transaction that lost against others.
func contention(cause error) error {
	return problem.Wrap(fmt.Errorf("%w: %w", errContention, cause), problem.Unavailable, "database_contention", "too many want to change the same thing")
}

// unknown is the error of a commit whose answer was lost. No policy may try it again.
func unknown(cause error) error {
	return resilience.Final(problem.Wrap(cause, problem.Unknown, "commit_unknown", "the database did not confirm; the change may have been made"))
}

// lost says whether an error ended the whole transaction, rather than one statement of it.
func lost(err error) bool {
	_, classified := errors.AsType[*problem.Error](err)
	return classified
}
