// Package inventory knows what is in stock and what is promised to whom. Of every product, always:
//
//	available + reserved + sold = received      and none of them below zero
//
// A reservation is one order's share:
//
//	            created                 confirmed
//	(nothing) ──────────▶ reserved ──────────────────▶ committed
//	    │                  │    │                          │
//	    │ too little       │    └─ its time is up ─▶ expired ── confirmed after all: taken again, or short
//	    ├─▶ rejected       │                          │    │
//	    └─ cancelled ──────┴────────── cancelled ─────┴────┴─▶ released (final; also the tombstone of an order whose
//	                                                           cancellation came before its creation)
package inventory

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"stormglass/system/platform/problem"
)

// Own types keep ids from being swapped.
type (
	// OrderID names the order that a reservation is for.
	OrderID string
	// ProductID names a product.
	ProductID string
)

// State is where a reservation stands.
type State string

// The states.
const (
	Reserved  State = "reserved"
	Committed State = "committed"
	// Rejected: there was too little; nothing was taken.
	Rejected State = "rejected"
	// Released: the order is cancelled and holds nothing, now and for ever.
	Released State = "released"
	// Expired: its time was up before anybody decided; what it held was given back.
	Expired State = "expired"
	// Short: the order was confirmed after its reservation had expired, and the goods were gone. People must act.
	Short State = "short"
)

// Line is a number of pieces of one product.
type Line struct {
	Product  ProductID `json:"product_id"`
	Quantity int64     `json:"quantity"`
}

// Reservation is what an order holds.
type Reservation struct {
	Order   OrderID
	State   State
	Lines   []Line
	Expires time.Time
}

// Stock is what there is of a product.
type Stock struct {
	Product                             ProductID
	Received, Available, Reserved, Sold int64
}

// shelf is one of the three places in which a piece can be.
type shelf string

const (
	available shelf = "available"
	reserved  shelf = "reserved"
	sold      shelf = "sold"
)

const (
	// mostPieces of one line; more is a mistake and not an order.
	mostPieces = 1_000_000
	// longestKey is in bytes.
	longestKey = 200
	// longestNote is in bytes, of a delivery note.
	longestNote = 100
)

// merge adds up lines of the same product and sorts them, so that all transactions touch products in the same order.
func merge(lines []Line) ([]Line, error) {
	var merged []Line
	sorted := slices.SortedFunc(slices.Values(lines), func(a, b Line) int { return strings.Compare(string(a.Product), string(b.Product)) })
	for _, line := range sorted {
		if line.Product == "" || line.Quantity < 1 || line.Quantity > mostPieces {
			return nil, problem.New(problem.Invalid, "bad_line", "an order's line needs a product and a quantity from 1 to %d", mostPieces)
		}
		if last := len(merged) - 1; last >= 0 && merged[last].Product == line.Product {
			merged[last].Quantity += line.Quantity
			continue
		}
		merged = append(merged, line)
	}
	if len(merged) == 0 {
		return nil, problem.New(problem.Invalid, "no_lines", "an order needs at least one line")
	}
	return merged, nil
}

// tooLittle says of which product there was not enough.
type tooLittle struct{ product ProductID }

func (e tooLittle) Error() string { return fmt.Sprintf("too little of %s", e.product) }
