package load

import (
	"context"
	"encoding/json"
	"time"
)

// Site is a running system as a probe sees it: the public door, and what it may look behind the scenes with.
type Site struct {
	Target
	// Audit reads GET /audit of an instance of the unit; Books reads GET /books of a company.
	Audit func(ctx context.Context, unit string) (json.RawMessage, error)
	Books func(ctx context.Context, unit string) (json.RawMessage, error)
	// Setting gives a variable of the environment that the unit's first instance was started with.
	Setting func(unit, name string) (string, error)
}

// Sighting is what a probe saw of the one order that it placed.
type Sighting struct {
	Confirmed time.Duration // from the request of the order to its confirmation
	Completed time.Time     // when nothing was left to happen: shipped, and the customer told
	TraceID   string        // the trace of the order's request, in hex
}

// A Tour shows one system to people: `stormglass up` prints the walk-through, `stormglass up --probe` takes the tour itself.
type Tour interface {
	// Walkthrough is a text to copy into a shell, line by line, against a system at baseURL.
	Walkthrough(baseURL string) string

	// Probe registers a customer, places one order and waits until it is complete; ctx bounds the wait. progress may be
	// called with plain sentences on the way.
	Probe(ctx context.Context, site Site, progress func(format string, args ...any)) (Sighting, error)
}
