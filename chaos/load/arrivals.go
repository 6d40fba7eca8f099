package load

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Rate is how many visits start in a second. In a file it is written 20/s, or 90/m.
type Rate float64

// UnmarshalText reads a rate.
func (r *Rate) UnmarshalText(text []byte) error {
	number, unit, _ := strings.Cut(string(text), "/")
	value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	per, known := map[string]float64{"s": 1, "m": 60}[strings.TrimSpace(unit)]
	if err != nil || !known || !(value >= 0 && value <= 100_000) {
		return fmt.Errorf("read rate %q: want visits per second such as 20/s, or per minute such as 90/m", text)
	}
	*r = Rate(value / per)
	return nil
}

// String writes the rate as a file would.
func (r Rate) String() string { return strconv.FormatFloat(float64(r), 'f', -1, 64) + "/s" }

// streams that keep the randomness of arrivals apart from that of visits.
const (
	arrivalStream = iota + 1
	visitStream
)

// arrival is the offset of the nth visit (from 1) from the start of the load. Each visit has a slot of its own, 1/rate
// long, and starts at a random place in it: the number of visits in any stretch is then the same whatever the seed, yet
// two arrivals may be close or far apart.
func arrival(seed uint64, rate Rate, n int) time.Duration {
	slot := rand.New(rand.NewPCG(seed, arrivalStream<<32|uint64(n))).Float64()
	return time.Duration((float64(n-1) + slot) / float64(rate) * float64(time.Second))
}

// visitRand is the randomness of the nth visit.
func visitRand(seed uint64, n int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, visitStream<<32|uint64(n)))
}
