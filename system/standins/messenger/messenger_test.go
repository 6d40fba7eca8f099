package messenger_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"stormglass/system/standins/messenger"
)

func open(t *testing.T, path string) *messenger.Book {
	t.Helper()
	b, err := messenger.Open(path)
	if err != nil {
		t.Fatalf("open book: %v", err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close book: %v", err)
		}
	})
	return b
}

func send(t *testing.T, h http.Handler, method, path, body string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
	answer, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(answer)
}

type books struct {
	Messages   []messenger.Message
	Duplicates map[string]int
}

func read(t *testing.T, h http.Handler) (books, string) {
	t.Helper()
	_, text := send(t, h, "GET", "/books", "")
	var b books
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		t.Fatalf("decode books %q: %v", text, err)
	}
	return b, text
}

const (
	sms  = `{"id":"e1","to":"+491701","body":"on its way"}`
	push = `{"id":"e2","to":"device-1","title":"Order","body":"on its way"}`
)

func TestAMessageIsKeptOnceHoweverOftenItComes(t *testing.T) {
	h := open(t, filepath.Join(t.TempDir(), "book")).Routes()
	for i, want := range []int{http.StatusCreated, http.StatusOK, http.StatusOK} {
		if got, body := send(t, h, "POST", "/v1/sms", sms); got != want {
			t.Errorf("message %d: got status %d %s, want %d", i+1, got, body, want)
		}
	}
	got, _ := read(t, h)
	if len(got.Messages) != 1 || got.Duplicates["e1"] != 2 {
		t.Errorf("got %d messages and %v, want one message and two duplicates", len(got.Messages), got.Duplicates)
	}
}

func TestABookSurvivesAKillInTheSameOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book")
	before := open(t, path).Routes()
	send(t, before, "POST", "/v1/sms", sms)
	send(t, before, "POST", "/v1/push", push)
	send(t, before, "POST", "/v1/push", push)
	_, want := read(t, before)
	after := open(t, path).Routes() // the first one was never closed
	if _, got := read(t, after); got != want {
		t.Errorf("got books %s\nwant %s", got, want)
	}
	if got, _ := send(t, after, "POST", "/v1/sms", sms); got != http.StatusOK {
		t.Errorf("a message sent again after the restart: got status %d, want 200", got)
	}
}

func TestWrongMessagesAreRefusedWithTheField(t *testing.T) {
	h := open(t, filepath.Join(t.TempDir(), "book")).Routes()
	send(t, h, "POST", "/v1/sms", sms)
	for name, c := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"no id":           {`{"to":"+1","body":"b"}`, 400, `\"id\"`},
		"empty body":      {`{"id":"e3","to":"+1","body":" "}`, 400, `\"body\"`},
		"no JSON":         {`{`, 400, "invalid_json"},
		"two values":      {sms + sms, 400, "invalid_json"},
		"too big":         {`{"id":"` + strings.Repeat("x", 300<<10) + `"}`, 413, "body_too_large"},
		"id used already": {`{"id":"e1","to":"+491701","body":"something else"}`, 409, "id_reused"},
	} {
		if got, body := send(t, h, "POST", "/v1/sms", c.body); got != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s: got %d %s, want %d with %s", name, got, body, c.status, c.says)
		}
	}
	if got, _ := read(t, h); len(got.Messages) != 1 {
		t.Errorf("got %d messages, want only the right one", len(got.Messages))
	}
}

func TestOneMessageSentByManyAtOnceIsKeptOnce(t *testing.T) {
	h := open(t, filepath.Join(t.TempDir(), "book")).Routes()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { send(t, h, "POST", "/v1/push", push) })
	}
	wg.Wait()
	if got, _ := read(t, h); len(got.Messages) != 1 || got.Duplicates["e2"] != 19 {
		t.Errorf("got %d messages and %v, want one and 19 duplicates", len(got.Messages), got.Duplicates)
	}
}
