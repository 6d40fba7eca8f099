package fault

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/system"
)

// Spec is one entry of a scenario's faults: exactly one of Link, Process, Shoppers and Act, Do as one of Kinds, and the keys
// that it takes.
type Spec struct {
	At        time.Duration `yaml:"at,omitempty" doc:"When it strikes, from the beginning of the fault phase."`
	For       time.Duration `yaml:"for,omitempty" doc:"How long it lasts, from when it has struck."`
	Link      string        `yaml:"link,omitempty" doc:"The link that it hits, \"client -> server\": units, or instances such as order-1."`
	Process   string        `yaml:"process,omitempty" doc:"The process that it hits: a unit, which means all its instances, or one instance."`
	Shoppers  string        `yaml:"shoppers,omitempty" doc:"Who comes: a registered kind of shopper."`
	Act       string        `yaml:"act,omitempty" doc:"What is done: a registered act."`
	Do        string        `yaml:"do" doc:"What goes wrong."`
	Latency   time.Duration `yaml:"latency,omitempty" doc:"What each chunk waits, or each piece after the one before."`
	Jitter    time.Duration `yaml:"jitter,omitempty" doc:"Up to so much more or less than latency, evenly spread."`
	Rate      Throughput    `yaml:"rate,omitempty" doc:"What each direction of each connection may carry: 500B/s, 20kB/s (1,000 bytes each) or 1MB/s."`
	Size      int           `yaml:"size,omitempty" doc:"Bytes of a piece."`
	Direction string        `yaml:"direction,omitempty" doc:"request, response or both; both unless told."`
	Visits    int           `yaml:"visits,omitempty" doc:"How many visitors come in all; of a probe and of a crowd with a capacity the most that may come."`
	Capacity  *float64      `yaml:"capacity,omitempty" doc:"The number of visitors, as a multiple of what the probe-capacity before it found: so many times the accepted operations per second, for as long as it lasts."`
	On        time.Duration `yaml:"on,omitempty" doc:"Flapping: it holds so long, then rests for off, and so on until for is over."`
	Off       time.Duration `yaml:"off,omitempty" doc:"Flapping: how long it rests."`
	When      *Trigger      `yaml:"when,omitempty" doc:"Strike at this moment, and not at at."`
}

// Throughput is bytes per second; in a file such as 500B/s, 20kB/s (1,000 bytes each) or 1MB/s.
type Throughput float64

var throughputs = []struct {
	unit  string
	bytes float64
}{{"MB/s", 1e6}, {"kB/s", 1e3}, {"B/s", 1}}

// UnmarshalText reads the form that a file has.
func (t *Throughput) UnmarshalText(text []byte) error {
	for _, u := range throughputs {
		number, ok := strings.CutSuffix(strings.TrimSpace(string(text)), u.unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err == nil && n > 0 && n*u.bytes <= maxThroughput {
			*t = Throughput(n * u.bytes)
			return nil
		}
		break
	}
	return fmt.Errorf("expected bytes per second such as 500B/s, 20kB/s or 1MB/s, got %q", text)
}

// maxThroughput is more than any link carries; above it a rate would be no fault.
const maxThroughput = 1e9

func (t Throughput) String() string {
	for _, u := range throughputs {
		if float64(t) >= u.bytes {
			return strconv.FormatFloat(float64(t)/u.bytes, 'g', 4, 64) + u.unit
		}
	}
	return strconv.FormatFloat(float64(t), 'g', 4, 64) + "B/s"
}

// in is how many bytes may pass in a time.
func (t Throughput) in(d time.Duration) float64 { return float64(t) * d.Seconds() }

// takes is how long so many bytes take.
func (t Throughput) takes(bytes int) time.Duration {
	return time.Duration(float64(bytes) / float64(t) * float64(time.Second))
}

// Trigger is a moment on a link: the nth time that a text passes in one direction, on all its connections together. What
// passes depends on the protocol; a moment of the system's own list is the same in every tier.
type Trigger struct {
	Moment   string `yaml:"moment,omitempty" doc:"A moment that the system's file describes, in the place of a text; a link beside it names one instance."`
	Link     string `yaml:"link,omitempty" doc:"The link that is watched, \"client -> server\"."`
	Request  string `yaml:"request,omitempty" doc:"A text on its way to the server; exactly one of request and response."`
	Response string `yaml:"response,omitempty" doc:"A text on its way to the client."`
	After    string `yaml:"after,omitempty" doc:"What the client must have sent on the same connection since the last time."`
	Nth      int    `yaml:"nth,omitempty" doc:"At which time that it passes, from 1; 1 unless told."`
}

// KeyError is a mistake in a spec: the key, and what was expected.
type KeyError struct {
	Key     string
	Message string
}

func (e *KeyError) Error() string { return fmt.Sprintf("read fault: %s: %s", e.Key, e.Message) }

// Abrupt lists the links that a cell must prepare for these faults, see cell.Options.
func Abrupt(specs []Spec) (links []string) {
	for _, s := range specs {
		if s.Do == resetKind().Name {
			links = append(links, s.Link)
		}
	}
	return links
}

// Links lists the links on which these faults act or wait for their moment: a cell needs a proxy on each, and on no other.
func Links(specs []Spec, s *system.System) (links []string, err error) {
	for _, spec := range specs {
		if spec.Link != "" {
			links = append(links, spec.Link)
		}
		if spec.When != nil {
			watched, err := spec.When.in(s)
			if err != nil {
				return nil, err
			}
			links = append(links, watched.Link)
		}
	}
	return links, nil
}

// Target is what the fault hits.
func (s Spec) Target() string { return s.Link + s.Process + s.Shoppers + s.Act }

// hits says whether the fault hits one direction of a connection.
func (s Spec) hits(d cell.Direction) bool {
	return s.Direction == "" || s.Direction == both || s.Direction == string(d)
}

const both = "both"

// checkDirection holds direction against the words that it may be.
func (s Spec) checkDirection() error {
	words := []string{string(cell.Request), string(cell.Response), both}
	for _, word := range words {
		if s.Direction == "" || s.Direction == word {
			return nil
		}
	}
	return &KeyError{"direction", fmt.Sprintf("%q is not a direction%s", s.Direction, system.Hint(s.Direction, words))}
}

// asked is the end of a line that says what was asked for: the directions and the time.
func (s Spec) asked(what string) string {
	switch s.Direction {
	case "", both:
		what += ", both ways"
	default:
		what += ", on the " + s.Direction
	}
	return fmt.Sprintf("%s, for %s", what, s.For)
}
