package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"stormglass/chaos/load"
)

// check judges an evidence folder again, offline, and gives what was said.
func (h *harness) check(folder string) (code int, said string) {
	h.t.Helper()
	cmd := exec.Command(filepath.Join(h.bin, "stormglass"), "check", folder)
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		h.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// TestOneChangedOperationChangesTheVerdict runs the shop, judges its evidence again, and then with one line of the history
// changed at a time. No shop runs any more, so nothing but the folder can have been asked.
func TestOneChangedOperationChangesTheVerdict(t *testing.T) {
	t.Parallel()
	h := stormglass(t, "run", filepath.Join("scenarios", "e2e", "testdata", "plain.yaml"))
	<-h.ended
	folder := filepath.Join(h.out, "latest", "plain")
	said := h.says()
	if code := shellCode(h.cmd.ProcessState); code != 0 {
		t.Fatalf("the run: got exit code %d\n%s", code, said)
	}
	if code, again := h.check(folder); code != 0 || strings.Contains(again, "differs") {
		t.Fatalf("judged again: got exit code %d and\n%s\nwant what was recorded, byte for byte", code, again)
	}
	history := filepath.Join(folder, "history.jsonl")
	whole, err := os.ReadFile(history)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		operation string
		change    func(*load.Operation)
		broken    string // what must say so
	}{
		"an order that is not there":     {"checkout", func(o *load.Operation) { o.Fields["order_id"] = "nobody's" }, "I4-accepted-is-final"},
		"a cart that said another price": {"checkout", func(o *load.Operation) { o.Fields["cart_total"] += "0" }, "I8-paid-as-shown"},
		"an end that was another":        {"completion", func(o *load.Operation) { o.Fields["state"] = opposite(o.Fields["state"]) }, "I4-accepted-is-final"},
		"a stranger who was shown in":    {"trespass", func(o *load.Operation) { o.Status = 200 }, "I7-orders-are-private"},
	} {
		changed, ok := changeOne(t, whole, c.operation, c.change)
		if !ok {
			t.Errorf("%s: the history holds no %s", name, c.operation)
			continue
		}
		if err := os.WriteFile(history, changed, 0o644); err != nil {
			t.Fatal(err)
		}
		code, again := h.check(folder)
		if code != 1 || !strings.Contains(again, "FAIL (not PASS)") || !strings.Contains(again, "✗ end       "+c.broken) || !strings.Contains(again, "differs from verdict.json") {
			t.Errorf("%s: got exit code %d and\n%s\nwant FAIL by %s, and word that it differs", name, code, again, c.broken)
		}
	}
}

func opposite(state string) string {
	if state == "shipped" {
		return "cancelled"
	}
	return "shipped"
}

// changeOne changes the first successful operation of a name, and says whether there was one.
func changeOne(t *testing.T, history []byte, name string, change func(*load.Operation)) ([]byte, bool) {
	t.Helper()
	lines := bytes.Split(history, []byte("\n"))
	for i, line := range lines {
		var o load.Operation
		if len(line) == 0 {
			continue
		}
		if err := json.Unmarshal(line, &o); err != nil {
			t.Fatal(err)
		}
		if o.Name != name || o.Outcome != load.OK {
			continue
		}
		change(&o)
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = text
		return bytes.Join(lines, []byte("\n")), true
	}
	return nil, false
}
