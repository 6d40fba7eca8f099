package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"stormglass/system/platform/store"
)

func TestTheAuditShowsEveryRowUnderItsColumns(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		mux := http.NewServeMux()
		db.Audit(mux, "bank",
			store.Table{Name: "accounts", Query: "SELECT id, balance, open FROM accounts ORDER BY id"},
			store.Table{Name: "entries", Query: "SELECT id FROM entries"},
			store.Table{Name: "counts", Query: "SELECT COUNT(*) AS n, NULL AS absent FROM accounts"})
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequest("GET", "/audit", nil))
		want := `{"service":"bank","tables":{"accounts":[{"id":"ann","balance":100,"open":true},{"id":"ben","balance":50,"open":true}],"entries":[],"counts":[{"n":2,"absent":null}]}}` + "\n"
		if got := answer.Body.String(); got != want {
			t.Errorf("got\n%s, want\n%s", got, want)
		}
		if got := answer.Header().Get("Content-Type"); got != "application/json" {
			t.Errorf("content type is %q, want application/json", got)
		}
	})
}

func TestAnAuditThatCannotStartSaysSo(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		mux := http.NewServeMux()
		db.Audit(mux, "bank", store.Table{Name: "nothing", Query: "SELECT id FROM nowhere"})
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequest("GET", "/audit", nil))
		if answer.Code != http.StatusServiceUnavailable || json.Valid(answer.Body.Bytes()) {
			t.Errorf("got %d %q, want 503 and no JSON", answer.Code, answer.Body)
		}
	})
}

func TestAnAuditThatBreaksOffIsNotTakenForWhole(t *testing.T) {
	const many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n"
	each(t, func(t *testing.T, db *store.DB) {
		mux := http.NewServeMux()
		db.Audit(mux, "bank", store.Table{Name: "many", Query: many}, store.Table{Name: "nothing", Query: "SELECT id FROM nowhere"})
		server := httptest.NewServer(mux)
		defer server.Close()
		answer, err := http.Get(server.URL + "/audit")
		must(t, err)
		defer answer.Body.Close()
		got, err := io.ReadAll(answer.Body)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %d bytes and %v, want %v", len(got), err, io.ErrUnexpectedEOF)
		}
	})
}

func TestTheAuditIsOneMoment(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, db.InTx(t.Context(), "fill", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE accounts SET owner = $1", strings.Repeat("x", 1<<20)) // more than buffers hold
			return err
		}))
		mux := http.NewServeMux()
		db.Audit(mux, "bank",
			store.Table{Name: "before", Query: "SELECT owner, balance FROM accounts WHERE id = 'ann'"},
			store.Table{Name: "after", Query: "SELECT balance FROM accounts WHERE id = 'ann'"})
		into := &hookedWriter{ResponseRecorder: httptest.NewRecorder()}
		into.hook = func() { must(t, db.InTx(t.Context(), "deposit", depositEleven)) }
		mux.ServeHTTP(into, httptest.NewRequest("GET", "/audit", nil))
		if into.hook != nil {
			t.Fatal("the deposit did not fall into the audit")
		}
		if got := into.Body.String(); !strings.HasSuffix(got, `"balance":100}],"after":[{"balance":100}]}}`+"\n") {
			t.Errorf("the audit ends in %s, want 100 twice", got[max(0, len(got)-80):])
		}
	})
}

// hookedWriter calls its hook before the first bytes go out.
type hookedWriter struct {
	*httptest.ResponseRecorder
	hook func()
}

func (w *hookedWriter) Write(b []byte) (int, error) {
	if w.hook != nil {
		w.hook()
		w.hook = nil
	}
	return w.ResponseRecorder.Write(b)
}
