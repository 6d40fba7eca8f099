package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/store/storetest"
	"stormglass/system/platform/telemetry"
)

func TestTransactionsAreCountedByNameAndOutcome(t *testing.T) {
	tel := telemetry.Discard("bank")
	db, err := store.Open(t.Context(), tel, nil, storetest.SQLite(t), accounts)
	must(t, err)
	defer func() { must(t, db.Close(t.Context())) }()
	for _, err := range []error{nil, nil, problem.New(problem.Conflict, "", "moved"), errors.New("oops")} {
		_ = db.InTx(t.Context(), "pay in", func(context.Context, *store.Tx) error { return err })
	}
	seconds := tel.Histogram(telemetry.DBDuration)
	for outcome, want := range map[string]uint64{"ok": 2, "conflict": 1, "internal": 1} {
		if got := samples(t, seconds.WithLabelValues("pay in", outcome)); got != want {
			t.Errorf("outcome %s was counted %d times, want %d", outcome, got, want)
		}
	}
}

func samples(t *testing.T, o prometheus.Observer) uint64 {
	t.Helper()
	var m dto.Metric
	must(t, o.(prometheus.Metric).Write(&m))
	return m.GetHistogram().GetSampleCount()
}

func TestThePoolsOfAProgramAreShownTogether(t *testing.T) {
	tel := telemetry.Discard("bank")
	var open []*store.DB
	for range 2 {
		db, err := store.Open(t.Context(), tel, nil, storetest.SQLite(t)+"?max_conns=2", accounts)
		must(t, err)
		open = append(open, db)
	}
	must(t, open[0].InTx(t.Context(), "look", func(context.Context, *store.Tx) error {
		expect(t, tel.Registry, `
			# HELP db_client_connection_count Connections of the pool by state: used, idle.
			# TYPE db_client_connection_count gauge
			db_client_connection_count{state="idle"} 1
			db_client_connection_count{state="used"} 1
			# HELP db_client_connection_max The most connections the pool opens.
			# TYPE db_client_connection_max gauge
			db_client_connection_max 6
		`, "db_client_connection_count", "db_client_connection_max")
		return nil
	}))
	for _, db := range open {
		must(t, db.Close(t.Context()))
	}
	expect(t, tel.Registry, `
		# HELP db_client_connection_max The most connections the pool opens.
		# TYPE db_client_connection_max gauge
		db_client_connection_max 0
	`, "db_client_connection_max")
}

func expect(t *testing.T, r *prometheus.Registry, want string, names ...string) {
	t.Helper()
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}
