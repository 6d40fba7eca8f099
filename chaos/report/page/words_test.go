package page

import (
	"testing"

	"stormglass/chaos/verdict"
)

func TestLatenciesAreWrittenInTheirOwnUnit(t *testing.T) {
	for s, want := range map[float64]string{
		-1: "–", 0: "0", 0.0001: "100 µs", 0.00099999: "1 ms", 0.00123: "1.23 ms", 0.0456: "45.6 ms", 0.9996: "1 s", 0.9994: "999 ms", 12.34: "12.3 s", 1234: "1234 s",
	} {
		if got := duration(s); got != want {
			t.Errorf("%v s: got %q, want %q", s, got, want)
		}
	}
}

func TestCountsHaveTheirThousandsApart(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1\u202f000", -1234: "-1\u202f234", -123: "-123", 1234567: "1\u202f234\u202f567"} {
		if got := count(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestTheRiskStandsBeforeWhatIsAskedAfterwards(t *testing.T) {
	v := verdict.Verdict{
		Claims: []verdict.Finding{{Phase: "during", Asked: "a"}, {Phase: "after", Asked: "b"}}, Risk: &verdict.Finding{Asked: "risk"},
	}
	var got string
	for _, f := range questions(v) {
		got += f.Asked + " "
	}
	if want := "a risk b "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(v.Claims) != 2 || v.Claims[1].Asked != "b" {
		t.Errorf("the verdict was changed: %+v", v.Claims)
	}
}
