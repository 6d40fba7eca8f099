package fault_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/cell/celltest"
	"stormglass/chaos/fault"
)

func TestAWrongSpecIsRefusedByItsKey(t *testing.T) {
	trigger := &fault.Trigger{Link: "a -> b", Request: "x"}
	for name, c := range map[string]struct {
		spec fault.Spec
		key  string
		want string
	}{
		"unknown fault":     {fault.Spec{Do: "blackhol", Link: "a -> b", For: 1}, "do", "did you mean blackhole?"},
		"no target":         {fault.Spec{Do: "delay", Latency: 1, For: 1}, "link", "expected link"},
		"wrong target":      {fault.Spec{Do: "kill", Link: "a -> b", For: 1}, "process", "expected process"},
		"crowd of nobody":   {fault.Spec{Do: "crowd", Shoppers: "buyer", For: 1}, "visits", "such as 500"},
		"crowd on a link":   {fault.Spec{Do: "crowd", Shoppers: "buyer", Link: "a -> b", Visits: 1, For: 1}, "shoppers", "neither link nor process"},
		"spike of no size":  {fault.Spec{Do: "crowd", Shoppers: "buyer", For: 1, Visits: 9, Capacity: times(0)}, "capacity", "such as 4"},
		"endless spike":     {fault.Spec{Do: "crowd", Shoppers: "buyer", For: 1, Visits: 9, Capacity: times(math.Inf(1))}, "capacity", "such as 4"},
		"spike of no limit": {fault.Spec{Do: "crowd", Shoppers: "buyer", For: 1, Capacity: times(4)}, "visits", "at most"},
		"multiple of delay": {fault.Spec{Do: "delay", Link: "a -> b", For: 1, Latency: 1, Capacity: times(4)}, "capacity", "does not take capacity"},
		"probe of nobody":   {fault.Spec{Do: "probe-capacity", Shoppers: "buyer", For: 1}, "visits", "such as 500"},
		"probe of a link":   {fault.Spec{Do: "probe-capacity", Link: "a -> b", Visits: 99, For: 1}, "shoppers", "neither link nor process"},
		"act without name":  {fault.Spec{Do: "perform", For: 1}, "act", "expected act"},
		"flapping crowd":    {fault.Spec{Do: "crowd", Shoppers: "buyer", Visits: 1, For: 9, On: 1, Off: 1}, "on", "cannot flap"},
		"two targets":       {fault.Spec{Do: "refuse", Link: "a -> b", Process: "a", For: 1}, "link", "no process"},
		"no end":            {fault.Spec{Do: "refuse", Link: "a -> b"}, "for", "such as 5s"},
		"no latency":        {fault.Spec{Do: "delay", Link: "a -> b", For: 1}, "latency", "such as 200ms"},
		"too much jitter":   {fault.Spec{Do: "delay", Link: "a -> b", For: 1, Latency: 1, Jitter: 2}, "jitter", "between 0s and"},
		"unknown direction": {fault.Spec{Do: "blackhole", Link: "a -> b", For: 1, Direction: "requests"}, "direction", "did you mean request?"},
		"foreign key":       {fault.Spec{Do: "refuse", Link: "a -> b", For: 1, Latency: 1}, "latency", "does not take latency"},
		"trigger on a link": {fault.Spec{Do: "delay", Link: "a -> b", For: 1, Latency: 1, When: trigger}, "when", "does not take when"},
		"trigger twice": {fault.Spec{Do: "kill", Process: "a", For: 1, When: &fault.Trigger{Moment: "paid", Request: "x"}},
			"when", "expected nothing beside it but nth, and link"},
		"trigger for both": {fault.Spec{Do: "kill", Process: "a", For: 1, When: &fault.Trigger{Link: "a -> b", Request: "x", Response: "x"}},
			"when", "exactly one"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong, ok := errors.AsType[*fault.KeyError](c.spec.Check())
			if !ok || wrong.Key != c.key || !strings.Contains(wrong.Message, c.want) {
				t.Errorf("got %+v, want key %s and %q", wrong, c.key, c.want)
			}
		})
	}
}

func times(multiple float64) *float64 { return &multiple }

func TestAFaultOfWhatIsNotThereIsRefused(t *testing.T) {
	c := celltest.Start(t, nil)
	for _, s := range []fault.Spec{
		{Do: "delay", Link: "shop -> stor", Latency: 1},
		{Do: "delay", Link: "shop-9 -> store", Latency: 1},
		{Do: "kill", Process: "stor"},
		{Do: "kill", Process: "store", When: &fault.Trigger{Link: "store -> shop", Request: "x"}},
	} {
		s.For = time.Second
		if _, err := fault.New(s, c, 1); err == nil {
			t.Errorf("%+v: got no error", s)
		}
	}
}

func TestEveryKindTellsWhatItDoes(t *testing.T) {
	for _, k := range fault.Kinds() {
		if k.Name == "" || k.Doc == "" || !slices.Contains([]string{"link", "process", "shoppers", "act"}, k.On) {
			t.Errorf("got %+v, want a name, a target and a doc", k)
		}
	}
}
