package fault

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"stormglass/chaos/cell"
)

// drawn is what a delay draws for the first chunks of one stream.
func drawn(seed uint64, s cell.Stream) []time.Duration {
	wait := waits(Spec{Latency: time.Second, Jitter: 500 * time.Millisecond}, random(seed, &s))
	var out []time.Duration
	for range 50 {
		out = append(out, wait())
	}
	return out
}

func TestTwoRunsWithOneSeedDrawTheSameJitter(t *testing.T) {
	want := drawn(7, cell.Stream{Seed: 3})
	if !slices.Equal(drawn(7, cell.Stream{Seed: 3}), want) {
		t.Error("two runs with one seed differ")
	}
	for name, other := range map[string][]time.Duration{
		"fault's seed":  drawn(8, cell.Stream{Seed: 3}),
		"stream's seed": drawn(7, cell.Stream{Seed: 4}),
	} {
		if slices.Equal(other, want) {
			t.Errorf("another %s draws the same", name)
		}
	}
	low, high := slices.Min(want), slices.Max(want)
	if low < 500*time.Millisecond || high > 1500*time.Millisecond || high-low < 500*time.Millisecond {
		t.Errorf("drawn between %s and %s, want all over 500ms to 1.5s", low, high)
	}
}

// feed sends chunks of text through a watch and says after which of them it struck; -1 is never.
func feed(text string, nth int, chunks ...string) int {
	struck, now := -1, 0
	w := &watch{trigger: Trigger{Request: text, Nth: nth}, strike: func() { struck = now }, armed: true}
	pass := w.Join(&cell.Stream{Direction: cell.Request})
	for i, c := range chunks {
		now = i
		pass(cell.Chunk{Data: []byte(c)}, func(cell.Chunk) {})
	}
	return struck
}

func TestATextIsFoundHoweverItIsCutIntoChunks(t *testing.T) {
	for name, c := range map[string]struct {
		nth    int
		chunks []string
		want   int
	}{
		"whole":            {1, []string{"BEGIN a\n", "COMMIT a\n"}, 1},
		"cut in two":       {1, []string{"COM", "MIT a\n"}, 1},
		"byte by byte":     {1, []string{"C", "O", "M", "M", "I", "T", " ", "a"}, 7},
		"two in a chunk":   {2, []string{"COMMIT a\nCOMMIT a\n", "COMMIT a\n"}, 0},
		"third of three":   {3, []string{"COMMIT a\nCOMM", "IT a\n", "COMMIT a\n", "COMMIT a\n"}, 2},
		"not counted anew": {2, []string{"COMMIT a", "\n", "x", "y"}, -1},
		"another's":        {1, []string{"COMMIT b\n"}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := feed("COMMIT a", c.nth, c.chunks...); got != c.want {
				t.Errorf("struck after chunk %d, want %d", got, c.want)
			}
		})
	}
}

func TestATextCountsOnlyBehindWhatTheSameClientSentBefore(t *testing.T) {
	var struck []string
	w := &watch{trigger: Trigger{After: "order", Response: "COMMIT", Nth: 2}, armed: true, primed: map[string]bool{}}
	pass := map[string]cell.Pass{}
	for _, conn := range []int{1, 2} {
		for _, d := range []cell.Direction{cell.Request, cell.Response} {
			pass[fmt.Sprintf("%d %s", conn, d)] = w.Join(&cell.Stream{Conn: conn, Direction: d})
		}
	}
	for _, step := range []struct{ on, text string }{
		{"1 response", "COMMIT"}, // nothing came before
		{"1 request", "an or"},
		{"1 request", "der"},         // in two pieces
		{"2 response", "COMMIT"},     // another connection's
		{"1 response", "COMMIT"},     // the first
		{"1 response", "COMMIT"},     // of something else
		{"2 request", "order order"}, // said twice, it is one
		{"2 response", "COMM"},
		{"2 response", "IT COMMIT"}, // the second
	} {
		w.strike = func() { struck = append(struck, step.on+" "+step.text) }
		pass[step.on](cell.Chunk{Data: []byte(step.text)}, func(cell.Chunk) {})
	}
	if want := []string{"2 response IT COMMIT"}; !slices.Equal(struck, want) || w.counted() != 2 {
		t.Errorf("struck at %q, having seen %d; want %q and 2", struck, w.counted(), want)
	}
}
