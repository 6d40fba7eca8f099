package user

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"stormglass/system/platform/events"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

// quick is a cost that tests can pay often.
var quick = cost{Memory: 8, Time: 1, Threads: 1}

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a service on a database of its own, at a time of its own.
type world struct {
	*Service
	*clock
	t *testing.T
}

// each runs a test on every kind of database.
func each(t *testing.T, run func(w world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) {
		run(newWorld(t, storetest.Open(t, url, migrations(), events.Migrations())))
	})
}

func newWorld(t *testing.T, db *store.DB) world {
	t.Helper()
	tel := telemetry.Discard("user")
	c := &clock{now: time.Now().Truncate(time.Microsecond)}
	sealed, err := newBox("a secret of a test, long enough", "private signing keys")
	if err != nil {
		t.Fatal(err)
	}
	k := &keys{tel: tel, db: db, box: sealed, schedule: schedule{24 * time.Hour, 15 * time.Minute, 15 * time.Minute}, now: c.read}
	if err := k.rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return world{&Service{
		tel: tel, db: db, keys: k, outbox: publisher{tel, events.NewOutbox(tel, db, nil, "user")},
		passwords: newPasswords(tel, quick, 4, time.Minute),
		lives:     lives{Access: 15 * time.Minute, Refresh: 720 * time.Hour, Grace: 10 * time.Second},
		reused:    tel.Counter(telemetry.TokenReuse).WithLabelValues(), now: c.read,
	}, c, t}
}

func ada() Registration {
	return Registration{Key: "key-ada", Email: "Ada@Example.org", Password: "correct horse", Name: "Ada Lovelace", Phone: "+4930123456"}
}

// registered makes Ada's account.
func (w world) registered() User {
	w.t.Helper()
	u, err := w.Register(w.t.Context(), ada())
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// session registers Ada and logs her in.
func (w world) session() Tokens {
	w.t.Helper()
	w.registered()
	return w.login()
}

func (w world) login() Tokens {
	w.t.Helper()
	_, tokens, err := w.Login(w.t.Context(), ada().Email, ada().Password)
	if err != nil {
		w.t.Fatal(err)
	}
	return tokens
}

func (w world) refresh(token string) Tokens {
	w.t.Helper()
	tokens, err := w.Refresh(w.t.Context(), token)
	if err != nil {
		w.t.Fatalf("refresh: %v", err)
	}
	return tokens
}

// count gives the one number that a query gives.
func (w world) count(query string, args ...any) (n int) {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), "count", func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, query, args...).Scan(&n)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w world) wantCount(want int, query string, args ...any) {
	w.t.Helper()
	if got := w.count(query, args...); got != want {
		w.t.Errorf("%s: got %d, want %d", query, got, want)
	}
}

func (w world) wantReused(want float64) {
	w.t.Helper()
	if got := testutil.ToFloat64(w.reused); got != want {
		w.t.Errorf("counted %v reused tokens, want %v", got, want)
	}
}

func wantProblem(t *testing.T, err error, code problem.Code, reason string) {
	t.Helper()
	if problem.CodeOf(err) != code || problem.ReasonOf(err) != reason {
		t.Errorf("got %v, want %s/%s", err, code, reason)
	}
}
