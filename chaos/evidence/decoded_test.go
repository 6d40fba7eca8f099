package evidence

import (
	"encoding/json"
	"sync"
	"testing"
)

type orders struct{ Orders []int }

func audited(text string) *Folder {
	return &Folder{Decoded: new(Decoded), Audits: map[string]json.RawMessage{"order-1": json.RawMessage(text)}}
}

func TestAnUnchangedAuditIsDecodedOnce(t *testing.T) {
	f := audited(`{"orders":[1,2]}`)
	var first, second orders
	if err := f.Audit("order", &first); err != nil {
		t.Fatal(err)
	}
	f.Audits["order-1"] = json.RawMessage(`{"orders":[1,2]}`) // asked for again
	if err := f.Audit("order", &second); err != nil {
		t.Fatal(err)
	}
	if &first.Orders[0] != &second.Orders[0] {
		t.Error("the same text was decoded again, want the same value")
	}
}

func TestAnAuditThatChangedIsDecodedAgain(t *testing.T) {
	f := audited(`{"orders":[1]}`)
	var got orders
	for _, c := range []struct {
		text string
		want int
	}{{`{"orders":[1]}`, 1}, {`{"orders":[2]}`, 2}, {`{"orders":[1]}`, 1}} {
		f.Audits["order-1"] = json.RawMessage(c.text)
		if err := f.Audit("order", &got); err != nil || len(got.Orders) != 1 || got.Orders[0] != c.want {
			t.Errorf("%s: got %v, %v", c.text, got, err)
		}
	}
}

func TestATextThatDoesNotDecodeIsAnErrorEachTime(t *testing.T) {
	f := audited(`{"orders":`)
	for range 2 {
		if got := (orders{}); f.Audit("order", &got) == nil {
			t.Errorf("got %v, want an error", got)
		}
	}
}

func TestOneTextMayBeReadInTwoShapes(t *testing.T) {
	f := audited(`{"orders":[7]}`)
	var numbers orders
	var plain map[string]any
	for range 2 {
		if err := f.Audit("order", &numbers); err != nil || numbers.Orders[0] != 7 {
			t.Errorf("got %v, %v", numbers, err)
		}
		if err := f.Audit("order", &plain); err != nil || len(plain) != 1 {
			t.Errorf("got %v, %v", plain, err)
		}
	}
}

func TestManyMayReadAtOnce(t *testing.T) {
	f := audited(`{"orders":[7]}`)
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			var got orders
			if err := f.Audit("order", &got); err != nil || got.Orders[0] != 7 {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	readers.Wait()
}
