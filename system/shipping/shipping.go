// Package shipping books parcels with the carrier and tells when they are on their way.
//
//	order confirmed ──▶ due ──booked──▶ booked ──dispatched──▶ dispatched
//	                     └── refused by the carrier for good ──▶ failed
//
// What is due or booked is durable work (platform/work): booking under the order's id as its key, and then asking until
// the parcel is dispatched.
package shipping

import (
	"time"
)

// Own types keep ids from being swapped.
type (
	// OrderID names the order that is shipped.
	OrderID string
	// UserID names who gets it.
	UserID string
	// ParcelID is the carrier's name for a parcel.
	ParcelID string
)

// State is where a shipment stands.
type State string

// The states.
const (
	Due        State = "due"
	Booked     State = "booked"
	Dispatched State = "dispatched"
	Failed     State = "failed"
)

// Address is where a parcel goes.
type Address struct {
	Name     string `json:"name"`
	Street   string `json:"street"`
	Postcode string `json:"postcode"`
	City     string `json:"city"`
	Country  string `json:"country"`
}

// Shipment is the parcel of one order.
type Shipment struct {
	Order    OrderID
	User     UserID
	Address  Address
	State    State
	Reason   string
	Parcel   ParcelID
	Carrier  string
	Tracking string
	// Origin is the request that led to it, for logs and traces.
	Origin string
	Since  time.Time
}

// nextLook is how long to wait before asking again for a parcel that is not on its way yet: a third of the time that it
// has been waiting, within bounds.
func nextLook(waited, shortest, longest time.Duration) time.Duration {
	return min(max(waited/3, shortest), longest)
}
