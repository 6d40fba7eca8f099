package system

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

const good = `name: toy
programs: [toy, extra]
service_env: {INSTANCE: "{instance}"}
units:
  shop:
    kind: service
    command: [toy, serve]
    ports: {http: HTTP_ADDR, admin: ADMIN_ADDR}
    ready: admin
    public: http
    env: {SELF: "{port.http}", WORKERS: 4}
  store:
    kind: company
    command: [toy, store]
    ports: {http: HTTP_ADDR}
    ready: http
    books: http
links:
  - {client: shop, server: store, port: http, env: STORE_URL, value: "http://{addr}"}
  - {client: shop, server: store-db, via: store, port: http, env: DB_ADDRS, direct: "{data}/store.db"}
telemetry:
  depth: sum(depth{backlog="$backlog"})
report:
  - {title: Breakers, states: [closed, open], query: 'max by (client, server) (breaker)', series: $client -> $server}
  - {title: Orders, unit: orders, query: 'sum by (state) (orders)', series: $state}
`

func TestAFileIsReadWhole(t *testing.T) {
	s, err := Parse("toy.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.UnitNames(), []string{"shop", "store"}; !slices.Equal(got, want) {
		t.Errorf("units: got %q, want %q", got, want)
	}
	if got, want := s.LinkNames(), []string{"shop -> store", "shop -> store-db"}; !slices.Equal(got, want) {
		t.Errorf("links: got %q, want %q", got, want)
	}
	shop := s.Units[0]
	if shop.Public != "http" || shop.Ready != "admin" || shop.Kind != Service || shop.Env["WORKERS"] != "4" ||
		!slices.Equal(shop.Command, []string{"toy", "serve"}) {
		t.Errorf("got unit %+v", shop)
	}
	if got := s.Links[1]; got.Via != "store" || got.Target() != "store" || got.Value != "" || got.Direct != "{data}/store.db" {
		t.Errorf("got link %+v", got)
	}
	if len(s.Report) != 2 || !slices.Equal(s.Report[0].States, []string{"closed", "open"}) || s.Report[1].Unit != "orders" {
		t.Errorf("got report %+v", s.Report)
	}
	if s.Telemetry["depth"] == "" || s.ServiceEnv["INSTANCE"] != "{instance}" || s.Name != "toy" || s.Path != "toy.yaml" {
		t.Errorf("got system %+v", s)
	}
}

func TestASeriesIsNamedByItsLabels(t *testing.T) {
	c := Chart{Series: "$client -> $server ($missing)"}
	if got, want := c.Name(map[string]string{"client": "shop", "server": "$client"}), "shop -> $client ()"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheShopsFileIsGood(t *testing.T) {
	s, err := Load("../../system/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Units) < 17 || len(s.Links) < 30 {
		t.Errorf("got %d units and %d links, want the whole shop", len(s.Units), len(s.Links))
	}
}

func TestUnitsAndLinksAreFoundByWhatPeopleWrite(t *testing.T) {
	s, err := Parse("toy.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"shop -> store": "shop -> store", "shop→store": "shop -> store", " shop-2  ->store-db-1": "shop -> store-db",
	} {
		if l, err := s.Link(name); err != nil || l.String() != want {
			t.Errorf("%q: got %v, %v; want %s", name, l, err, want)
		}
	}
	for _, name := range []string{"shop", "shop-1", "shop-12"} {
		if u, err := s.Unit(name); err != nil || u.Name != "shop" {
			t.Errorf("%q: got %v, %v; want shop", name, u, err)
		}
	}
	for name, want := range map[string]string{
		"shop -> stor": "did you mean shop -> store?", "shop": `"client -> server"`, "shop -> mars": "shop has links to store, store-db",
		"zebra -> store": "links begin at shop", "shpo -> stroe": "did you mean shop -> store?",
	} {
		if _, err := s.Link(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want %q in it", name, err, want)
		}
	}
	for _, name := range []string{"shop-", "shop-a", "shopp"} {
		if _, err := s.Unit(name); err == nil || !strings.Contains(err.Error(), "did you mean shop?") {
			t.Errorf("%q: got error %v, want a hint at shop", name, err)
		}
	}
}

func TestAMistakeIsToldWithItsPlaceAndTheNearestWord(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		want     string
	}{
		"unknown key":        {"service_env:", "service_envs:", `3:1: unknown key "service_envs" in the system; did you mean service_env?`},
		"unknown unit key":   {"    ready: admin", "    redy: admin", `9:5: unknown key "redy" in unit shop; did you mean ready?`},
		"kind":               {"kind: company", "kind: compny", `13:11: "compny" is not a valid kind; did you mean company?`},
		"missing key":        {"    ready: admin\n", "", "5:3: unit shop has no ready"},
		"missing section":    {"name: toy\n", "", "the system has no name"},
		"program":            {"[toy, store]", "[tyo, store]", `14:15: "tyo" is not one of the programs; did you mean toy?`},
		"empty command":      {"[toy, store]", "[]", "14:14: expected command as [program, arguments…]"},
		"ready":              {"ready: admin", "ready: amin", `9:12: "amin" is not a valid ready; did you mean admin?`},
		"placeholder":        {"{port.http}", "{port.htp}", `11:17: {port.htp} is not a placeholder of env.SELF; did you mean {port.http}?`},
		"two public":         {"    books: http", "    public: http", "17:5: only one unit can be public, and shop is"},
		"unknown client":     {"client: shop, server: store,", "client: shopp, server: store,", "did you mean shop?"},
		"unknown server":     {"server: store,", "server: stores,", "did you mean store?"},
		"unknown via":        {"via: store", "via: storr", "did you mean store?"},
		"server's name":      {"server: store-db,", "server: store/db?,", `20:28: "store/db?" is not a name for a server`},
		"unknown port":       {"server: store, port: http", "server: store, port: htp", "did you mean http?"},
		"no address":         {"http://{addr}", "http://here", "19:70: value does not say where the address goes"},
		"two of one link":    {"server: store-db, via: store", "server: store", "20:5: link shop -> store stands there twice"},
		"setting of a link":  {"env: DB_ADDRS", "env: STORE_URL", "STORE_URL already belongs to link shop -> store"},
		"setting of a unit":  {"env: DB_ADDRS", "env: SELF", "SELF is already a setting of unit shop"},
		"setting of a port":  {"env: DB_ADDRS", "env: HTTP_ADDR", "HTTP_ADDR is already a setting of unit shop"},
		"list for mapping":   {"ports: {http: HTTP_ADDR}", "ports: [http]", "expected ports as a mapping (key: value), got a list"},
		"text for list":      {"programs: [toy, extra]", "programs: toy", `2:11: expected programs as a list, got "toy"`},
		"nothing for a text": {"name: toy", "name:", "expected name as a text, got nothing"},
		"mapping for text":   {"name: toy", "name: {a: b}", "expected name as a text, got a mapping"},
		"bad name":           {"  store:\n    kind", "  store-1:\n    kind", "12:3: store-1 is not a name for a unit"},
		"chart key":          {"unit: orders", "units: orders", `unknown key "units" in a chart; did you mean unit?`},
		"chart's query":      {", query: 'sum by (state) (orders)'", "", "a chart has no query"},
		"chart's series":     {"series: $state", "series: state", "series does not tell one series from another"},
		"chart's states":     {"[closed, open]", "[closed]", "expected states as at least two names"},
		"not yaml":           {"programs: [toy, extra]", "programs: [toy, extra", "toy.yaml:"},
		"key twice":          {"programs: [toy, extra]", "programs: [toy, extra]\nname: again", "3:1:"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			if text == good {
				t.Fatal("the test changes nothing")
			}
			_, err := Parse("toy.yaml", []byte(text))
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatalf("got %v, want an *Error", err)
			}
			if !strings.HasPrefix(err.Error(), "toy.yaml:") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %q in it", err, c.want)
			}
		})
	}
}

func TestFilesThatAreNotOneDocumentAreTold(t *testing.T) {
	if _, err := Parse("toy.yaml", []byte(good+"---\n"+good)); err == nil || !strings.Contains(err.Error(), "a second document begins here") {
		t.Errorf("got %v, want word of the second document", err)
	}
	if s, err := Parse("toy.yaml", []byte("\ufeff"+good)); err != nil || s.Name != "toy" {
		t.Errorf("a byte order mark: got %v, want the system toy", err)
	}
	if _, err := Parse("toy.yaml", nil); err == nil || !strings.Contains(err.Error(), "the file is empty") {
		t.Errorf("got %v, want it to say that the file is empty", err)
	}
	if _, err := Load("no/such.yaml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want not exist", err)
	}
}

func TestTheNearestWordIsNearAndElseThereIsNone(t *testing.T) {
	words := []string{"order", "inventory", "payment"}
	for word, want := range map[string]string{
		"ordre": "order", "Order": "order", "inventroy": "inventory", "paymet": "payment", "zebra": "", "": "",
	} {
		if got := Nearest(word, words); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
