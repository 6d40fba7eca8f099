package front_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"stormglass/system/platform/boot"
	"stormglass/system/standins/front"
)

func lines(values []string, end error) front.Lines {
	return func(yield func([]byte) error) error {
		for _, v := range values {
			if err := yield([]byte(v)); err != nil {
				return err
			}
		}
		return end
	}
}

func TestBooksAreOneObjectWithItsListInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		head   map[string]any
		values []string
		want   string
	}{
		"empty":     {nil, nil, `{"list":[]}`},
		"two":       {nil, []string{`{"a":1}`, `2`}, `{"list":[{"a":1},2]}`},
		"with head": {map[string]any{"z": 1, "b": map[string]int{"x": 2}}, []string{`3`}, `{"b":{"x":2},"z":1,"list":[3]}`},
	} {
		w := httptest.NewRecorder()
		front.Books(w, c.head, "list", lines(c.values, nil))
		if got := strings.ReplaceAll(w.Body.String(), "\n", ""); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestHalfABookIsNoValidJSON(t *testing.T) {
	w := httptest.NewRecorder()
	front.Books(w, nil, "list", lines([]string{`1`, `2`}, errors.New("the disk is gone")))
	if json.Valid(w.Body.Bytes()) {
		t.Errorf("a list that ended early reads as a whole one: %s", w.Body)
	}
}

func TestAPortInUseIsAMatterForTheOperator(t *testing.T) {
	l, err := boot.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := front.MustBeFree(addr); !errors.Is(err, boot.ErrUsage) || !strings.Contains(err.Error(), addr) {
		t.Errorf("while it is taken: got %v, want a usage error that names %s", err, addr)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := front.MustBeFree(addr); err != nil {
		t.Errorf("once it is free: got %v", err)
	}
}
