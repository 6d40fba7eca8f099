package page

import (
	"html"
	"strings"
	"testing"

	"stormglass/chaos/scenario"
	"stormglass/chaos/verdict"
)

func TestThePageTellsTheStoryOfACounterexample(t *testing.T) {
	k := newKept(t)
	k.add("calm", scenario.Pass, 0, requests(5))
	k.add("lost", scenario.Fail, 0, requests(5))
	if strings.Contains(k.page(), "What happened to") {
		t.Error("without a counterexample: the page tells of one")
	}
	k.results[1].Verdict.Counterexample = &verdict.Counterexample{
		Asked: "nothing-lost", Example: "order-3 is gone",
		Timeline: verdict.Timeline{Object: "order 3", Zero: "the first fault", ZeroAt: after(1000), Moments: []verdict.Moment{
			{At: after(250), Where: "customer", What: "orders <b>"}, {At: after(1500), Where: "order outbox", What: "keeps it"},
		}},
	}
	page := k.page()
	got := html.UnescapeString(page)
	for _, want := range []string{
		"What happened to order 3", "nothing-lost says: order-3 is gone", "2 moments, counted from the first fault",
		"-0.750 s</td><td>customer", "+0.500 s</td><td>order outbox</td><td>keeps it",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "orders <b>") {
		t.Error("what evidence says became markup")
	}
}
