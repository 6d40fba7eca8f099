package scenario

import (
	"errors"
	"strings"
	"testing"

	"stormglass/chaos/system"
)

func TestMistakesAreToldWithTheirPlaceAndTheNearestWord(t *testing.T) {
	fault := func(text string) string { return short + "faults:\n  - {" + text + "}\n" }
	probed := func(text string) string {
		return fault("for: 3s, do: probe-capacity, shoppers: browse-only, visits: 99") + "  - {" + text + "}\n"
	}
	during := func(text string) string {
		return fault("for: 1s, link: payment -> card-processor, do: refuse") + "expect:\n  during:\n    - {" + text + "}\n"
	}
	after := func(text string) string {
		return fault("for: 1s, link: payment -> card-processor, do: refuse") + "recover: 2s\nexpect:\n  after:\n    - {" + text + "}\n"
	}
	for name, c := range map[string]struct {
		file string
		want string // line:column: message
	}{
		"empty file":                     {"", "1:1: the file is empty, or has nothing but comments: expected a scenario, which starts with name, claim and load"},
		"nothing but comments":           {"# name: x\n\n  # claim: C.\n", "1:1: the file is empty, or has nothing but comments"},
		"second document":                {short + "---\nname: y\n", "5:1: a second document begins here, and a file holds one"},
		"second document after an end":   {short + "...\nverdict: FAIL\n", "6:1: a second document begins here"},
		"second document behind none":    {"---\n---\n" + short, "2:1: a second document begins here"},
		"empty second document":          {short + "--- # more to come\n", "5:1: a second document begins here"},
		"UTF-16":                         {"\xff\xfen\x00a\x00m\x00e\x00", "1:1: the file looks like UTF-16 or is no text: save it as UTF-8"},
		"UTF-16 without a mark":          {"n\x00a\x00m\x00e\x00", "1:1: the file looks like UTF-16"},
		"Latin-1":                        {"name: x\nclaim: caf\xe9\n", "2:11: this is not UTF-8: save the file as UTF-8"},
		"mistake behind a mark":          {"\ufeffnme: x\n", "1:1: unknown key \"nme\"; did you mean name?\n    1 | nme: x\n      | ^"},
		"not YAML":                       {"name: [", "1:7: "},
		"not a mapping":                  {"- name", "1:1: scenario: expected entries of the form key: value, got -"},
		"key given twice":                {"name: x\nname: y\n", `2:1: mapping key "name" already defined`},
		"no name":                        {"claim: C.\nload: {shoppers: s, rate: 1/s}\nsteady: 1s\n", "1:6: name: expected words"},
		"no claim":                       {"name: x\nload: {shoppers: s, rate: 1/s}\nsteady: 1s\n", "claim is missing: expected one sentence that says what must be true"},
		"no steady":                      {"name: x\nclaim: C.\nload: {shoppers: s, rate: 1/s}\n", "steady is missing: expected how long the baseline lasts, such as 4s"},
		"value missing":                  {short + "recover:\n", "recover has no value: expected a duration such as 500ms or 6s"},
		"negative duration":              {short + "recover: -1s\n", `5:10: recover: expected a duration such as 500ms or 6s, got "-1s"`},
		"duration without unit":          {short + "drain: 20\n", `5:8: drain: expected a duration such as 500ms or 6s, got "20"`},
		"list instead of number":         {short + "instances: {order: [1]}\n", "5:20: order: expected a whole number"},
		"no instance":                    {short + "instances: {order: 0}\n", "5:20: instances of order: expected at least 1"},
		"faults not a list":              {short + "faults: {do: kill}\n", "faults: expected a list"},
		"unknown verdict":                {short + "verdict: PAST\n", `5:10: verdict: expected PASS, FAIL, INCONCLUSIVE or INVALID, got "PAST"`},
		"unknown fault":                  {fault("for: 1s, link: a -> b, do: blackhol"), `6:33: unknown fault "blackhol"; did you mean blackhole?`},
		"fault without target":           {fault("for: 1s, do: refuse"), "refuse hits a link: expected link, and no process"},
		"fault with two targets":         {fault("for: 1s, do: refuse, link: a -> b, process: order"), "refuse hits a link: expected link, and no process"},
		"network fault on a process":     {fault("for: 1s, do: refuse, process: order"), "refuse hits a link: expected link, and no process"},
		"fault without end":              {fault("do: refuse, link: a -> b"), "for: expected how long the fault lasts, such as 5s"},
		"key of another fault":           {fault("for: 1s, do: refuse, link: a -> b, latency: 5ms"), "6:41: refuse does not take latency; it takes at, for, on, off, do, link"},
		"delay without latency":          {fault("for: 1s, do: delay, link: a -> b"), "latency: expected how long each chunk is held, such as 200ms"},
		"jitter over latency":            {fault("for: 1s, do: delay, link: a -> b, latency: 5ms, jitter: 9ms"), "6:62: jitter: expected something between 0s and the latency of 5ms"},
		"wrong throughput":               {fault("for: 1s, do: throttle, link: a -> b, rate: 20k"), "6:49: rate: expected bytes per second such as 500B/s, 20kB/s or 1MB/s"},
		"on without off":                 {fault("for: 1s, do: refuse, link: a -> b, on: 100ms"), "6:45: on: a fault that flaps needs both on and off"},
		"no room to flap":                {fault("for: 1s, do: refuse, link: a -> b, on: 500ms, off: 500ms"), "6:11: for: on and off together take 1s"},
		"unknown direction":              {fault("for: 1s, do: blackhole, link: a -> b, direction: responce"), `6:55: direction: "responce" is not a direction; did you mean response?`},
		"trigger without text":           {fault("for: 1s, do: kill, process: order, when: {link: a -> b}"), "when: expected exactly one of request and response"},
		"unknown moment":                 {fault("for: 1s, do: kill, process: order, when: {moment: order-commited}"), `"order-commited" is not a moment of shop; did you mean order-committed?`},
		"a moment of another link":       {fault("for: 1s, do: kill, process: order, when: {moment: order-committed, link: payment -> card-processor}"), "x.yaml:6:79: the moment order-committed is one of the link order -> order-db"},
		"trigger without link":           {fault("for: 1s, do: kill, process: order, when: {request: x}"), "when: expected a moment, or the link to watch"},
		"unknown link":                   {fault("for: 1s, do: refuse, link: payment -> card-procesor"), `6:33: find link: "payment -> card-procesor" is not a link of shop; did you mean payment -> card-processor?`},
		"unknown process":                {fault("for: 1s, do: kill, process: oder"), `6:34: find unit: "oder" is not a unit of shop; did you mean order?`},
		"unknown crowd":                  {fault("for: 1s, do: crowd, shoppers: brows-only, visits: 3"), `unknown shopper "brows-only"; did you mean browse-only?`},
		"spike without a probe":          {fault("for: 1s, do: crowd, shoppers: browse-only, visits: 9, capacity: 4"), "6:70: capacity: expected a probe-capacity before it"},
		"spike before its probe is over": {probed("at: 2s, for: 1s, do: crowd, shoppers: browse-only, visits: 9, capacity: 4"), "7:10: at: the probe-capacity is over at 3s: expected a load spike that begins then or later, got 2s"},
		"spike with no time for a probe": {probed("for: 1s, do: crowd, shoppers: browse-only, visits: 9, capacity: 4"), "the probe-capacity is over at 3s: expected a load spike that begins then or later, got 0s"},
		"two probes":                     {probed("at: 4s, for: 1s, do: probe-capacity, shoppers: browse-only, visits: 99"), "7:27: a second probe-capacity: expected one"},
		"probe of unknown shoppers":      {fault("for: 1s, do: probe-capacity, shoppers: brows-only, visits: 99"), `unknown shopper "brows-only"; did you mean browse-only?`},
		"probe that is misspelt":         {fault("for: 1s, do: probe-capcity, shoppers: browse-only, visits: 99"), `6:19: unknown fault "probe-capcity"; did you mean probe-capacity?`},
		"capacity that is misspelt":      {probed("at: 4s, for: 1s, do: crowd, shoppers: browse-only, visits: 9, capcity: 4"), `unknown key "capcity" in faults[1]; did you mean capacity?`},
		"capacity that is no number":     {probed("at: 4s, for: 1s, do: crowd, shoppers: browse-only, visits: 9, capacity: much"), `capacity: expected a number, got "much"`},
		"unknown act":                    {fault("for: 1s, do: perform, act: poisn"), `unknown act "poisn"; did you mean poison?`},
		"unknown trigger link":           {fault("for: 1s, do: kill, process: order, when: {link: order -> orderdb, request: x}"), "did you mean order -> order-db?"},
		"expectation without subject":    {during("at_least: 1"), "an expectation is about exactly one of signal, promql, amplification, breaker, backlog and check"},
		"expectation with two subjects":  {during("signal: a, check: b, at_least: 1"), "an expectation is about exactly one of"},
		"signal without bound":           {during("signal: checkout_success"), "signal needs at_least or at_most"},
		"key of another subject":         {during("signal: checkout_success, at_least: 1, opens_within: 1s"), "signal does not take opens_within under during"},
		"bounds that exclude each other": {during("signal: checkout_success, at_least: 2, at_most: 1"), "at_least is above at_most"},
		"check during a fault":           {during("check: orders-final, within: 1s"), "9:8: check cannot be expected here; it can under after"},
		"breaker that closes too early":  {during("breaker: payment -> card-processor, closes_within: 1s"), "breaker does not take closes_within under during"},
		"a bound of no time":             {after("check: orders-final, within: 0s"), "within: expected a duration above 0"},
		"nothing left to measure":        {after("signal: checkout_success, at_least: 1, settle: 2s"), "nothing is left"},
		"during without faults":          {short + "expect: {during: [{signal: checkout_success, at_least: 1}]}\n", "the scenario has no faults: use steady or after"},
		"breaker after no fault":         {short + "expect: {after: [{breaker: payment -> card-processor, closes_within: 1s}]}\n", "breaker is counted from the end of the last fault, and the scenario has no faults"},
		"two questions at once":          {during("breaker: payment -> card-processor, opens_within: 1s, leaks_at_most: 0"), "leaks_at_most and opens_within ask for different things"},
		"fewer leaks than none":          {during("breaker: payment -> card-processor, leaks_at_most: -1"), "leaks_at_most: expected a number of calls"},
		"amplification of no link":       {during("amplification: payment -> card-procesor, at_most: 2"), "did you mean payment -> card-processor?"},
		"amplification without bound":    {during("amplification: payment -> card-processor"), "amplification needs at_least or at_most"},
		"recovery during the fault":      {during("signal: checkout_success, at_least: 1, recovers_within: 1s"), "signal does not take recovers_within under during"},
		"recovery longer than recover":   {after("signal: checkout_success, at_least: 1, recovers_within: 2s"), "recovers_within (2s) must be shorter than recover (2s)"},
		"recovery that is left out":      {after("signal: checkout_success, at_least: 1, recovers_within: 1s, settle: 1s"), "give one of them"},
		"recovery from nothing":          {short + "recover: 2s\nexpect: {after: [{signal: checkout_success, at_least: 1, recovers_within: 1s}]}\n", "the scenario has no faults"},
		"unknown signal":                 {during("signal: checkout_sucess, at_least: 1"), `9:16: unknown signal "checkout_sucess"; did you mean checkout_success?`},
		"unknown check":                  {after("check: order-final, within: 1s"), `unknown check "order-final"; did you mean orders-final?`},
		"unknown breaker":                {during("breaker: payment -> card-proccesor, opens_within: 1s"), "did you mean payment -> card-processor?"},
		"unknown shopper":                {strings.Replace(short, "browse-only", "brows-only", 1), `3:18: unknown shopper "brows-only"; did you mean browse-only?`},
		"unknown unit in settings":       {short + "settings: {oder: {A: b}}\n", `5:12: unknown unit "oder"; did you mean order?`},
		"unknown unit in instances":      {short + "instances: {oder: 2}\n", `unknown unit "oder"; did you mean order?`},
		"unknown risk":                   {short + "risk: order-pendin\n", `5:7: unknown check "order-pendin"; did you mean order-pending?`},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Parse("x.yaml", []byte(c.file))
			if err == nil {
				err = s.Resolve(words(t))
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got  %v\nwant %s", err, c.want)
			}
			mistake, ok := errors.AsType[*system.Error](err)
			if !ok || mistake.Line < 1 || mistake.Column < 1 || !strings.HasPrefix(err.Error(), "x.yaml:") {
				t.Errorf("got %v, want a mistake with its place", err)
			}
		})
	}
}

func TestAProbeOfASystemWithoutAWorkloadIsRefused(t *testing.T) {
	v := words(t)
	v.Operation = ""
	s, err := Parse("x.yaml", []byte(short+"faults:\n  - {for: 3s, do: probe-capacity, shoppers: browse-only, visits: 99}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Resolve(v); err == nil || !strings.Contains(err.Error(), "x.yaml:6:19: shop does not say which operation its capacity is measured by") {
		t.Errorf("got %v, want word of the missing workload", err)
	}
}

func TestAShortFormThatTheSystemCannotAnswerIsRefused(t *testing.T) {
	v := words(t)
	v.System.Telemetry = map[string]string{}
	s, err := Parse("x.yaml", []byte(short+"faults: [{for: 1s, link: payment -> card-processor, do: refuse}]\nexpect: {during: [{backlog: b, grows_to: 1}]}"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Resolve(v); err == nil || !strings.Contains(err.Error(), "telemetry in shop.yaml has no backlog_depth") {
		t.Errorf("got %v, want word of the missing telemetry", err)
	}
}
