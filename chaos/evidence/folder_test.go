package evidence

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/fault"
	"stormglass/chaos/load"
)

func sample(t *testing.T) *Folder {
	start := time.Date(2026, 5, 1, 12, 0, 0, 123456789, time.UTC)
	f := &Folder{
		Dir: t.TempDir(),
		Run: Run{
			Name: "calm", Seed: 1<<63 + 7, Phases: []Phase{{Fault, start, start.Add(6 * time.Second)}},
			Load: Load{Shoppers: "browser", Rate: 20, Visits: 3, MaxLag: time.Millisecond},
		},
		Doses:   []fault.Dose{{Fault: "delay", Target: "a -> b", Measures: map[string]float64{"chunks_delayed": 3}, Hit: true}},
		History: []load.Operation{{Seq: 1, Name: "checkout", Intended: start, Outcome: load.OK, Fields: map[string]string{"order_id": "7"}}},
		Audits:  map[string]json.RawMessage{"order-1": json.RawMessage(`{"orders":2}`), "order-2": json.RawMessage(`{"orders":9}`)},
		Books:   map[string]json.RawMessage{"card-processor": json.RawMessage(`{"charges":1}`)},
	}
	var history bytes.Buffer
	encoder := json.NewEncoder(&history)
	for _, op := range f.History {
		if err := encoder.Encode(op); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(f.Dir, HistoryFile), history.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAFolderReadsBackAsItWasWritten(t *testing.T) {
	want := sample(t)
	if err := want.Write(); err != nil {
		t.Fatal(err)
	}
	got, err := Open(want.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestAFolderThatLacksAFileSaysWhich(t *testing.T) {
	f := sample(t)
	if err := f.Write(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{HistoryFile, FaultsFile, RunFile} {
		if err := os.Remove(filepath.Join(f.Dir, name)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(f.Dir); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: got %v, want an error that names it", name, err)
		}
	}
}

func TestAHistoryCutInTheMiddleOfALineIsAnError(t *testing.T) {
	f := sample(t)
	if err := f.Write(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.Dir, HistoryFile), []byte(`{"seq":1}`+"\n"+`{"seq":2,"na`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(f.Dir); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v, want an error about line 2", err)
	}
}

func TestAuditsAreFoundByUnitAndBooksByCompany(t *testing.T) {
	f := sample(t)
	var audit struct{ Orders int }
	if err := f.Audit("order", &audit); err != nil || audit.Orders != 2 {
		t.Errorf("audit of order: got %+v, %v, want the first instance's", audit, err)
	}
	if err := f.Audit("payment", &audit); err == nil {
		t.Error("audit of payment: got no error, though nothing was collected")
	}
	var book struct{ Charges int }
	if err := f.Book("card-processor", &book); err != nil || book.Charges != 1 {
		t.Errorf("books of card-processor: got %+v, %v", book, err)
	}
	if err := f.Book("mailbox", &book); err == nil {
		t.Error("books of mailbox: got no error, though nothing was collected")
	}
}

func TestDuringPicksByTheIntendedStart(t *testing.T) {
	start := time.Now()
	phase := Phase{Start: start, End: start.Add(time.Second)}
	var ops []load.Operation
	for _, offset := range []time.Duration{-1, 0, time.Second - 1, time.Second} {
		ops = append(ops, load.Operation{Intended: start.Add(offset), End: start.Add(time.Hour)})
	}
	if got, want := len(During(ops, phase)), 2; got != want {
		t.Errorf("operations: got %d, want %d", got, want)
	}
}
