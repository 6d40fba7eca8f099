package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"stormglass/chaos/report"
)

func TestProbeVisitsASystemThatSomebodyElseRuns(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/books" {
			_, _ = w.Write([]byte(`{"charges": {"probe": 1}}`))
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer elsewhere.Close()
	code, stdout, stderr := newToy(t).execute("probe", "--url", elsewhere.URL, "--books", "bank="+elsewhere.URL+"/books")
	var saw visitReport
	if err := json.Unmarshal([]byte(stdout), &saw); code != report.ExitExpected || err != nil || saw.CompletedMS <= 0 || len(saw.TraceID) != 32 {
		t.Errorf("got exit code %d, %s%s", code, stdout, stderr)
	}
}

func TestBooksAreReadWhereTheyWereSaidToBe(t *testing.T) {
	books := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/books" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"kept": true}`))
	}))
	defer books.Close()
	c := probeCommand{Books: map[string]string{"bank": books.URL + "/books", "post": books.URL + "/elsewhere"}}
	var kept struct{ Kept bool }
	if text, err := c.book(t.Context(), "bank"); err != nil || json.Unmarshal(text, &kept) != nil || !kept.Kept {
		t.Errorf("got %s, %v", text, err)
	}
	for unit, want := range map[string]string{"post": "answered 404", "desk": "say where they are: --books desk=URL"} {
		if _, err := c.book(t.Context(), unit); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("books of %s: got %v, want %q", unit, err, want)
		}
	}
}

func TestProbeOfNobodyFails(t *testing.T) {
	code, _, stderr := newToy(t).execute("probe", "--url", "http://127.0.0.1:1")
	if code != report.ExitBroken || !strings.Contains(stderr, "http://127.0.0.1:1") {
		t.Errorf("got exit code %d and %q", code, stderr)
	}
}
