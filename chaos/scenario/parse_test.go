package scenario

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/system"
)

// whole uses every key of the format.
const whole = `
name: card-processor-dark
claim: >
  Checkout stays open
  while it is dark.
load: {shoppers: browse-and-buy, rate: 20/s}
settings: {order: {SAGA_DEADLINE: 6s, RETRIES: 3}}
instances: {order: 2}
warmup: 2s
steady: {for: 4s, expect: [{signal: checkout_success, at_least: 0.99, min_samples: 5}]}
faults:
  - {at: 1s, for: 6s, link: payment -> card-processor, do: blackhole, direction: response}
  - {for: 1s, process: order, do: kill, when: {link: order -> order-db, request: "COMMITTED", nth: 5}}
recover: 10s
drain: 30s
expect:
  during:
    - {signal: checkout_success, at_least: 0.995, settle: 1s}
    - {breaker: payment -> card-processor, opens_within: 2s}
    - {promql: 'sum(rate(x[1s]))', at_least: 3, at_most: 5}
    - {backlog: q.inventory, grows_to: 5}
  after:
    - {breaker: payment -> card-processor, closes_within: 5s}
    - {backlog: payment.charges, drained_within: 8s}
    - {check: orders-final, within: 10s}
risk: order-pending
verdict: INCONCLUSIVE
`

const toySystem = `
name: shop
programs: [shop]
units:
  order: {kind: service, command: [shop, order], ports: {http: HTTP_ADDR}, ready: http, public: http}
  payment: {kind: service, command: [shop, payment], ports: {http: HTTP_ADDR}, ready: http}
  card-processor: {kind: company, command: [shop, card], ports: {http: HTTP_ADDR}, ready: http, books: http}
links:
  - {client: payment, server: card-processor, port: http, env: PROCESSOR_URL}
  - {client: order, server: order-db, via: payment, port: http, env: DATABASE_URL}
moments:
  order-committed: {link: order -> order-db, request: COMMITTED}
telemetry: {breaker_state: a, breaker_opened: b, backlog_depth: c}
`

func words(t *testing.T) Vocabulary {
	t.Helper()
	sys, err := system.Parse("shop.yaml", []byte(toySystem))
	if err != nil {
		t.Fatal(err)
	}
	return Vocabulary{
		System: sys, Shoppers: []string{"browse-and-buy", "browse-only"},
		Signals: []string{"checkout_success", "checkout_latency"}, Checks: []string{"orders-final", "order-pending"}, Acts: []string{"poison"}, Operation: "checkout",
	}
}

func TestEveryKeyIsRead(t *testing.T) {
	s, err := Parse("card-processor-dark.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Resolve(words(t)); err != nil {
		t.Fatal(err)
	}
	if got, want := s.Claim, "Checkout stays open while it is dark."; got != want {
		t.Errorf("claim: got %q, want %q", got, want)
	}
	if got, want := s.Settings, (map[string]map[string]string{"order": {"SAGA_DEADLINE": "6s", "RETRIES": "3"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("settings: got %v, want %v", got, want)
	}
	if s.Load.Rate != 20 || s.Instances["order"] != 2 || s.Warmup != 2*time.Second || s.Drain != 30*time.Second || s.Verdict != Inconclusive {
		t.Errorf("got %+v", s)
	}
	if f := s.Faults[0]; f.At != time.Second || f.For != 6*time.Second || f.Do != "blackhole" || f.Direction != "response" {
		t.Errorf("first fault: got %+v", f)
	}
	if w := s.Faults[1].When; w == nil || w.Request != "COMMITTED" || w.Nth != 5 {
		t.Errorf("trigger: got %+v", w)
	}
	if got, want := s.Length(), 23*time.Second; got != want {
		t.Errorf("length: got %v, want %v", got, want)
	}
	var said []string
	for _, list := range [][]Expectation{s.Steady.Expect, s.Expect.During, s.Expect.After} {
		for _, e := range list {
			said = append(said, e.String())
		}
	}
	want := []string{
		"checkout_success at least 0.99",
		"checkout_success at least 0.995 after 1s",
		"breaker payment -> card-processor opens within 2s",
		"sum(rate(x[1s])) at least 3 and at most 5",
		"backlog q.inventory grows to 5",
		"breaker payment -> card-processor closes within 5s",
		"backlog payment.charges drained within 8s",
		"orders-final within 10s",
	}
	if !reflect.DeepEqual(said, want) {
		t.Errorf("expectations: got %q, want %q", said, want)
	}
}

const short = "name: x\nclaim: C.\nload: {shoppers: browse-only, rate: 1/s}\nsteady: 4s\n"

func TestWhatAFileDoesNotSayHasADefault(t *testing.T) {
	s, err := Parse("x.yaml", []byte(short+"faults: [{for: 1s, link: a -> b, do: refuse}]\nexpect: {during: [{signal: s, at_most: 1, settle: 500ms}, {backlog: b, grows_to: 1}]}"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Warmup != time.Second || s.Steady.For != 4*time.Second || s.Drain != 20*time.Second || s.Verdict != Pass {
		t.Errorf("got %+v", s)
	}
	baseline := s.Baseline()
	if len(baseline) != 1 || baseline[0].Signal != "s" || *baseline[0].AtMost != 1 || baseline[0].Settle != 0 {
		t.Errorf("baseline: got %+v, want the signal that is expected during the fault, from the phase's start", baseline)
	}
}

func TestWhatYAMLPermitsAroundOneDocumentIsAccepted(t *testing.T) {
	for name, file := range map[string]string{
		"byte order mark":           "\ufeff" + short,
		"separator before":          "# A scenario.\n---\n" + short,
		"directive before":          "%YAML 1.2\n---\n" + short,
		"mark, directive, comments": "\ufeff%YAML 1.2\n# A scenario.\n---\n" + short,
		"end and comment behind":    short + "...\n# The end.\n",
		"separator in a text":       short + "risk: |\n  ---\n  order-pending\n",
		"Windows' line ends":        strings.ReplaceAll(short, "\n", "\r\n"),
	} {
		if s, err := Parse("x.yaml", []byte(file)); err != nil || s.Name != "x" {
			t.Errorf("%s: got %v, want the scenario x", name, err)
		}
	}
}

func TestLoadWantsTheFileNamedAsItsScenario(t *testing.T) {
	path := filepath.Join(t.TempDir(), "y.yaml")
	if err := os.WriteFile(path, []byte(short), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path)
	if want := path + `:1:7: the scenario is named "x" and its file "y": give both one name`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAllMistakesAreToldAtOnceInTheOrderOfTheFile(t *testing.T) {
	_, err := Parse("x.yaml", []byte("name: x\nclaims: C.\nload: {rate: 20}\nsteady: soon\n"))
	got := err.Error()
	for _, want := range []string{
		"x.yaml:2:1: unknown key \"claims\"; did you mean claim?\n    2 | claims: C.\n      | ^\n",
		"x.yaml:3:14: rate: read rate \"20\": want visits per second such as 20/s, or per minute such as 90/m\n",
		"x.yaml:4:9: steady: expected a duration such as 500ms or 6s, got \"soon\"\n",
	} {
		at := strings.Index(got, want)
		if at < 0 {
			t.Fatalf("got\n%s\nwant next\n%s", err, want)
		}
		got = got[at:]
	}
}
