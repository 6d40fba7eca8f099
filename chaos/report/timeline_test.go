package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"stormglass/chaos/scenario"
	"stormglass/chaos/verdict"
)

var struck = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func story(moments ...verdict.Moment) verdict.Timeline {
	return verdict.Timeline{Object: "order 3", Zero: "the first fault", ZeroAt: struck, Moments: moments}
}

func TestABrokenCheckIsToldAsAStory(t *testing.T) {
	r := result(scenario.Fail, scenario.Pass)
	r.Verdict.Counterexample = &verdict.Counterexample{Asked: "lost", Example: "order-3 is gone", Timeline: story(
		verdict.Moment{At: struck.Add(-1500 * time.Millisecond), Where: "customer", What: "orders"},
		verdict.Moment{At: struck, Where: "FAULT", What: "store: kill"},
	)}
	var out bytes.Buffer
	Text{W: &out}.Result(r)
	want := `  what happened, by way of example, to order 3, of which lost says:
    order-3 is gone
                  counted from the first fault, at 12:00:00.000
       -1.500 s   customer               orders
       +0.000 s   FAULT                  store: kill
  load `
	if got := out.String(); !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant in it\n%s", got, want)
	}
}

func TestALongStoryIsCutAtItsBeginningAndSaysSo(t *testing.T) {
	var all []verdict.Moment
	for i := range mostMoments + 7 {
		all = append(all, verdict.Moment{At: struck, Where: "store", What: fmt.Sprintf("moment %d.", i)})
	}
	var out bytes.Buffer
	Text{W: &out}.counterexample(&verdict.Counterexample{Timeline: story(all...)})
	got := out.String()
	if strings.Contains(got, "moment 6.") || !strings.Contains(got, "moment 7.") || !strings.Contains(got, "the 7 moments before these are in verdict.json") {
		t.Errorf("got\n%s\nwant the last %d moments, and word of 7 more", got, mostMoments)
	}
}
