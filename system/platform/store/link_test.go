package store_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stormglass/internal/ports/portstest"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

// responder is the other end of a link: it hears each line, and answers OK unless told otherwise.
type responder struct {
	listener net.Listener
	wg       sync.WaitGroup

	mu    sync.Mutex
	heard []string
	react func(line string) string // what to answer; "" hangs up
	open  map[net.Conn]bool
}

func respond(t testing.TB) *responder {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	r := &responder{listener: l, open: map[net.Conn]bool{}}
	r.wg.Go(r.accept)
	t.Cleanup(func() { l.Close(); r.hangUp(); r.wg.Wait() })
	return r
}

func (r *responder) accept() {
	for {
		c, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		r.open[c] = true
		r.mu.Unlock()
		r.wg.Go(func() { r.serve(c) })
	}
}

func (r *responder) serve(c net.Conn) {
	defer c.Close()
	for lines := bufio.NewScanner(c); lines.Scan(); {
		answer := r.hear(lines.Text())
		if answer == "" {
			return
		}
		if _, err := c.Write([]byte(answer)); err != nil {
			return
		}
	}
}

func (r *responder) hear(line string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = append(r.heard, line)
	if r.react != nil {
		return r.react(line)
	}
	return "OK\n"
}

func (r *responder) hangUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.open {
		c.Close()
		delete(r.open, c)
	}
}

// reacting changes the answers, and forgets what was heard so far.
func (r *responder) reacting(react func(line string) string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.react, r.heard = react, nil
}

func (r *responder) lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.heard)
}

func (r *responder) count(line string) (n int) {
	for _, heard := range r.lines() {
		if heard == line {
			n++
		}
	}
	return n
}

// hangUpOn answers until a line comes that begins with the word.
func hangUpOn(word string) func(string) string {
	return func(line string) string {
		if strings.HasPrefix(line, word+" ") {
			return ""
		}
		return "OK\n"
	}
}

// linked opens a SQLite database behind a link, with the accounts, and forgets what was said for that.
func linked(t *testing.T, link *resilience.Link) (*store.DB, *responder) {
	r := respond(t)
	db, err := store.Open(t.Context(), telemetry.Discard("bank"), link, storetest.SQLite(t)+"?link="+r.listener.Addr().String(), accounts)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close(context.Background())) })
	seed(t, db)
	r.reacting(nil)
	return db, r
}

func newLink(t *testing.T, p resilience.Policy) *resilience.Link {
	link, err := resilience.New(telemetry.Discard("bank"), "bank", "bank-db", p)
	must(t, err)
	return link
}

// patient tries three times, at once.
var patient = resilience.Policy{
	Deadline: time.Minute, AttemptTimeout: 20 * time.Second, Attempts: 3,
	Backoff: time.Millisecond, MaxBackoff: time.Millisecond, RetryRatio: 1, RetryBurst: 10,
}

func depositEleven(ctx context.Context, tx *store.Tx) error { return deposit(ctx, tx, "ann", 11) }

func TestALinkHearsEachStepOfATransaction(t *testing.T) {
	db, r := linked(t, nil)
	must(t, db.InTx(t.Context(), "pay in", func(ctx context.Context, tx *store.Tx) error {
		must(t, depositEleven(ctx, tx))
		return tx.Savepoint(ctx, func() error { return depositEleven(ctx, tx) })
	}))
	_ = db.InTx(t.Context(), "give up", func(ctx context.Context, tx *store.Tx) error { return errors.New("no") })
	if got := balance(t, db, "ann"); got != 122 {
		t.Errorf("balance is %d, want 122", got)
	}
	want := []string{
		"BEGIN pay in", "STATEMENT pay in", "STATEMENT pay in", "COMMIT pay in", "COMMITTED pay in",
		"BEGIN give up", "ROLLBACK give up",
		"BEGIN balance", "STATEMENT balance",
	}
	if got := r.lines(); !slices.Equal(got, want) {
		t.Errorf("the link heard\n%q, want\n%q", got, want)
	}
}

func TestALinkLostBeforeTheCommitUndoesTheTransactionAndIsRetried(t *testing.T) {
	for _, word := range []string{"BEGIN", "STATEMENT", "COMMIT"} {
		t.Run(word, func(t *testing.T) {
			db, r := linked(t, newLink(t, patient))
			failures := 0
			r.reacting(func(line string) string {
				if line == word+" deposit" && failures < 2 {
					failures++
					return ""
				}
				return "OK\n"
			})
			must(t, db.InTx(t.Context(), "deposit", depositEleven))
			if got := balance(t, db, "ann"); got != 111 {
				t.Errorf("balance is %d, want 111", got)
			}
			if got := r.count("BEGIN deposit"); got != 3 {
				t.Errorf("the link saw %d attempts, want 3", got)
			}
		})
	}
}

func TestALinkThatStaysAwayIsUnavailableAndLeavesNothing(t *testing.T) {
	db, r := linked(t, newLink(t, patient))
	r.reacting(hangUpOn("STATEMENT"))
	err := db.InTx(t.Context(), "deposit", depositEleven)
	if got := problem.CodeOf(err); got != problem.Unavailable {
		t.Errorf("got %v (%v), want %v", got, err, problem.Unavailable)
	}
	if got := r.count("BEGIN deposit"); got != patient.Attempts {
		t.Errorf("the link saw %d attempts, the policy allows %d", got, patient.Attempts)
	}
	r.reacting(nil)
	if got := balance(t, db, "ann"); got != 100 {
		t.Errorf("balance is %d, want 100", got)
	}
}

func TestALostAnswerToTheCommitIsUnknownAndNeverRetried(t *testing.T) {
	db, r := linked(t, newLink(t, patient))
	r.reacting(hangUpOn("COMMITTED"))
	told := false
	err := db.InTx(t.Context(), "deposit", func(ctx context.Context, tx *store.Tx) error {
		tx.AfterCommit(func() { told = true })
		return depositEleven(ctx, tx)
	})
	if problem.CodeOf(err) != problem.Unknown || problem.ReasonOf(err) != "commit_unknown" {
		t.Errorf("got %v, want %v with reason commit_unknown", err, problem.Unknown)
	}
	if got := r.count("BEGIN deposit"); got != 1 {
		t.Errorf("the link saw %d attempts, want 1", got)
	}
	if told {
		t.Error("AfterCommit ran although nobody knows of the commit")
	}
	if got := balance(t, db, "ann"); got != 111 {
		t.Errorf("balance is %d, want 111: the commit did happen", got)
	}
}

func TestASilentLinkEndsWithTheContext(t *testing.T) {
	for word, want := range map[string]problem.Code{
		"BEGIN": problem.Timeout, "STATEMENT": problem.Timeout, "COMMIT": problem.Timeout, "COMMITTED": problem.Unknown,
	} {
		t.Run(word, func(t *testing.T) {
			db, r := linked(t, nil)
			r.reacting(func(line string) string {
				if line == word+" deposit" {
					return " " // an answer that never ends
				}
				return "OK\n"
			})
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			err := db.InTx(ctx, "deposit", depositEleven)
			if got := problem.CodeOf(err); got != want {
				t.Errorf("got %v (%v), want %v", got, err, want)
			}
			if got := balance(t, db, "ann"); (got == 111) != (want == problem.Unknown) {
				t.Errorf("balance is %d after %v", got, want)
			}
		})
	}
}

func TestConnectionsThatDiedInThePoolAreReplacedUnnoticed(t *testing.T) {
	db, r := linked(t, nil)
	balance(t, db, "ann")
	r.hangUp()
	must(t, db.InTx(t.Context(), "deposit", depositEleven))
	if got := balance(t, db, "ann"); got != 111 {
		t.Errorf("balance is %d, want 111", got)
	}
}

func TestAnAbsentLinkFailsTheOpening(t *testing.T) {
	start := time.Now()
	_, err := store.Open(t.Context(), telemetry.Discard("bank"), newLink(t, patient), storetest.SQLite(t)+"?link="+portstest.Refusing(t), accounts)
	if got := problem.CodeOf(err); got != problem.Unavailable {
		t.Errorf("got %v (%v), want %v", got, err, problem.Unavailable)
	}
	if took := time.Since(start); took > patient.Deadline {
		t.Errorf("it took %v, want less than the link's deadline, %v", took, patient.Deadline)
	}
}
