// Package notification tells customers what happened to their orders: by e-mail, text message (SMS) and push. Nobody
// calls it; it hears of everything by events, and keeps its own table of whom to reach where.
//
//	event ──▶ one message per channel, as a row ──▶ worker of the channel's company ──▶ sent
//	                                                   │                  ├─ refused for good ──▶ failed
//	                                                   │                  └─ nowhere to send it ─▶ skipped
//	                                                   └─ company away: all wait, none is lost
package notification

import (
	"time"

	"stormglass/system/platform/money"
)

// Own types keep ids from being swapped.
type (
	// UserID names a customer.
	UserID string
	// OrderID names an order; empty where a message is not about one.
	OrderID string
	// MessageID names a message: the event that it tells of, and the channel.
	MessageID string
)

// Channel is a way to reach somebody.
type Channel string

// The channels.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
	Push  Channel = "push"
)

// Channels gives all of them.
func Channels() []Channel { return []Channel{Email, SMS, Push} }

// Kind is what a message is about.
type Kind string

// The kinds.
const (
	Welcome      Kind = "welcome"
	Confirmation Kind = "confirmation"
	Receipt      Kind = "receipt"
	Dispatch     Kind = "dispatch"
	Cancellation Kind = "cancellation"
	Refund       Kind = "refund"
)

// Kinds gives all of them.
func Kinds() []Kind {
	return []Kind{Welcome, Confirmation, Receipt, Dispatch, Cancellation, Refund}
}

// channels says by which ways a kind of message goes out.
func (k Kind) channels() []Channel {
	switch k {
	case Confirmation:
		return []Channel{Email, Push}
	case Dispatch:
		return []Channel{Email, SMS}
	}
	return []Channel{Email}
}

// State is where a message stands.
type State string

// The states. All but Due are final.
const (
	Due    State = "due"
	Sent   State = "sent"
	Failed State = "failed"
	// Skipped: there is no way to reach the customer by this channel, and that is as they want it.
	Skipped State = "skipped"
)

// Contact is where a customer can be reached.
type Contact struct {
	User  UserID
	Email string
	// Phone is in E.164, or empty: then there are no text messages.
	Phone string
	// Version rises with each change.
	Version int64
}

// Message is something to be told to one customer by one channel.
type Message struct {
	ID      MessageID
	Event   string
	Channel Channel
	Kind    Kind
	User    UserID
	Order   OrderID
	Facts   Facts
	// Correlation and Trace are those of the event, so that the message shows in the story that led to it.
	Correlation string
	Trace       map[string]string
	// Since is when the message became due.
	Since time.Time
	// Attempt numbers the attempts at it, from 1.
	Attempt int64
	// Contact is the customer's as it was when the message was taken up; without a user while it is not known.
	Contact Contact
}

// Facts are what a message tells.
type Facts struct {
	Items    []Line      `json:"items,omitempty"`
	Amount   money.Money `json:"amount,omitzero"`
	Reason   string      `json:"reason,omitempty"`
	Carrier  string      `json:"carrier,omitempty"`
	Tracking string      `json:"tracking,omitempty"`
}

// Line is one line of an order.
type Line struct {
	Title    string      `json:"title"`
	Quantity int64       `json:"quantity"`
	Price    money.Money `json:"price"`
}

// address is where the message goes to by its channel; empty when there is no such place. The company that sends push
// messages knows customers by their ids.
func (m Message) address() string {
	switch m.Channel {
	case Email:
		return m.Contact.Email
	case SMS:
		return m.Contact.Phone
	}
	return string(m.User)
}

// The pauses between attempts at one message that cannot go out yet by its own fault.
const (
	shortestPause = 250 * time.Millisecond
	longestPause  = 10 * time.Minute
)

// pause is how long the message is left alone: about as long as it has waited already.
func (m Message) pause(now time.Time) time.Duration {
	return min(max(now.Sub(m.Since), shortestPause), longestPause)
}
