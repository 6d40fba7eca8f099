package system

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

const tiered = `name: toy
programs: [toy]
units:
  shop:
    kind: service
    command: [toy, serve]
    ports: {http: HTTP_ADDR}
    ready: http
  store:
    kind: backend
    command: [toy, pretend]
    ports: {wire: WIRE_ADDR, http: HTTP_ADDR}
    ready: http
    env: {SPEED: high}
links:
  - {client: shop, server: store, port: http, env: STORE_URL}
  - {client: shop, server: books-db, via: store, port: wire, env: DB_URL, value: "file:books?link={addr}", direct: "file:books"}
moments:
  paid: {link: shop -> books-db, request: COMMITTED pay}
tiers:
  real:
    check: [toy, look]
    units:
      store: {command: [toy, real], ports: {sql: SQL_ADDR, http: HTTP_ADDR}, env: {DATA: "{data}/store"}}
    links:
      store: {port: sql, value: "sql://{addr}/{client}"}
    moments:
      paid: {after: INSERT, response: COMMIT}
`

func TestATierSaysWhatIsDifferent(t *testing.T) {
	base, err := Parse("toy.yaml", []byte(tiered))
	if err != nil {
		t.Fatal(err)
	}
	real, err := base.In("real")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := real.Tiers(), []string{"embedded", "real"}; !slices.Equal(got, want) || real.Tier != "real" {
		t.Errorf("got tier %s of %q, want real of %q", real.Tier, got, want)
	}
	if back, err := real.In(Embedded); err != nil || back != base {
		t.Errorf("the way back: got %v, %v", back, err)
	}
	if !slices.Equal(real.Check, []string{"toy", "look"}) || base.Check != nil {
		t.Errorf("got check %q, and %q in the embedded tier", real.Check, base.Check)
	}
	store := real.Units[1]
	if !slices.Equal(store.Command, []string{"toy", "real"}) || store.Ports["wire"] != "" || store.Env["SPEED"] != "" || store.Env["DATA"] == "" || store.Ready != "http" || store.Kind != Backend {
		t.Errorf("got unit %+v", store)
	}
	if l := real.Links[1]; l.Port != "sql" || l.Value != "sql://{addr}/{client}" || l.Direct != "" || l.Env != "DB_URL" {
		t.Errorf("got link %+v", l)
	}
	if m, err := real.Moment("paid"); err != nil || m != (Moment{"paid", "shop -> books-db", "", "COMMIT", "INSERT"}) {
		t.Errorf("got moment %+v, %v", m, err)
	}
	if m, err := base.Moment("paid"); err != nil || m != (Moment{"paid", "shop -> books-db", "COMMITTED pay", "", ""}) {
		t.Errorf("got moment %+v, %v, want the embedded tier's to be as it was", m, err)
	}
	if base.Links[1].Port != "wire" || base.Units[1].Command[1] != "pretend" {
		t.Errorf("the embedded tier has changed: %+v", base)
	}
	if _, err := base.In("reel"); err == nil || !strings.Contains(err.Error(), "did you mean real?") {
		t.Errorf("got %v, want a hint at real", err)
	}
	if _, err := base.Moment("payed"); err == nil || !strings.Contains(err.Error(), "did you mean paid?") {
		t.Errorf("got %v, want a hint at paid", err)
	}
}

func TestAMistakeInATierIsToldWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key":         {"    units:\n      store: {command", "    unit:\n      store: {command", `23:5: unknown key "unit" in tier real; did you mean units?`},
		"check's program":     {"[toy, look]", "[tyo, look]", `22:13: "tyo" is not one of the programs; did you mean toy?`},
		"unknown unit":        {"      store: {command", "      stor: {command", `24:7: "stor" is not a unit; did you mean store?`},
		"key of a unit":       {"[toy, real], ports", "[toy, real], kind: company, ports", `unknown key "kind" in unit store of a tier`},
		"program":             {"[toy, real]", "[tyo, real]", `24:25: in tier real: "tyo" is not one of the programs; did you mean toy?`},
		"ready port":          {"sql: SQL_ADDR, http: HTTP_ADDR}", "sql: SQL_ADDR}", `13:12: in tier real: "http" is not a valid ready`},
		"placeholder":         {"{data}/store", "{date}/store", "{date} is not a placeholder of env.DATA; did you mean {data}?"},
		"link to no unit":     {"      store: {port", "      stoer: {port", `26:7: "stoer" is not a unit; did you mean store?`},
		"port of a link":      {"port: sql", "port: sqll", `26:21: in tier real: "sqll" is not a valid port of store; did you mean sql?`},
		"unknown moment":      {"      paid: {after", "      payed: {after", `28:7: "payed" is not a moment; did you mean paid?`},
		"moment without text": {"{after: INSERT, response: COMMIT}", "{after: INSERT}", "in tier real: moment paid: expected exactly one of request and response"},
		"moment untold":       {"    moments:\n      paid: {after: INSERT, response: COMMIT}\n", "", "19:3: in tier real: moment paid is not told again, though the tier has another way to speak to store"},
		"moment's link":       {"link: shop -> books-db, request", "link: shop -> book-db, request", `19:16: "shop -> book-db" is not a valid link; did you mean shop -> books-db?`},
		"moment's key":        {"request: COMMITTED", "requests: COMMITTED", `unknown key "requests" in moment paid; did you mean request?`},
		"the file's own tier": {"  real:", "  embedded:", "21:3: tier embedded stands there twice"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(tiered, c.old, c.new, 1)
			if text == tiered {
				t.Fatal("the test changes nothing")
			}
			_, err := Parse("toy.yaml", []byte(text))
			if _, ok := errors.AsType[*Error](err); !ok || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %q in it", err, c.want)
			}
		})
	}
}
