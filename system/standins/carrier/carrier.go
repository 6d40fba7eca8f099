// Package carrier stands in for the company that takes parcels to customers.
//
//	POST /v1/parcels       {"order_id", "address": {"name", "street", "postcode", "city", "country"}}, Idempotency-Key
//	                       201 with the parcel; the same again for the same key and body; 422 where nobody delivers
//	GET  /v1/parcels/{id}  the parcel; its state goes from "booked" to "dispatched"
//	GET  /books            {"parcels": […], "refused": how many were refused for their country}
package carrier

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"stormglass/system/standins/journal"
)

// Unserved lists the countries and territories (ISO 3166-1 alpha-2) where the carrier does not deliver: nobody lives
// there all year. A booking for one is refused for good, so that a shipment can fail after its charge.
var unserved = map[string]string{
	"AQ": "Antarctica", "BV": "Bouvet Island", "GS": "South Georgia", "HM": "Heard and McDonald Islands",
	"TF": "French Southern Territories",
}

// Address is where a parcel goes.
type Address struct {
	Name     string `json:"name"`
	Street   string `json:"street"`
	Postcode string `json:"postcode"`
	City     string `json:"city"`
	// Country is an ISO 3166-1 alpha-2 code.
	Country string `json:"country"`
}

// Booking is what a shop asks for.
type Booking struct {
	OrderID string  `json:"order_id"`
	Address Address `json:"address"`
}

// problem names the first thing that is wrong with a booking, or is "".
func (b Booking) problem() string {
	a := b.Address
	for _, field := range []struct{ name, value string }{
		{"order_id", b.OrderID}, {"address.name", a.Name}, {"address.street", a.Street}, {"address.city", a.City},
	} {
		if strings.TrimSpace(field.value) == "" {
			return field.name + " is missing or empty"
		}
	}
	if c := a.Country; len(c) != 2 || strings.ToUpper(c) != c {
		return "address.country is no ISO 3166-1 alpha-2 code in capital letters"
	}
	return ""
}

func (b Booking) digest() [sha256.Size]byte {
	text, err := json.Marshal(b)
	if err != nil {
		panic(fmt.Sprintf("encode booking: %v", err)) // it holds only strings
	}
	return sha256.Sum256(text)
}

// Parcel is a booking that was taken.
type Parcel struct {
	ID             string `json:"id"`
	TrackingNumber string `json:"tracking_number"`
	Booking
	BookedAt time.Time `json:"booked_at"`
}

// State follows from the time alone, so that no timer has to survive a restart.
func (p Parcel) State(now time.Time, dispatchAfter time.Duration) string {
	if now.Sub(p.BookedAt) < dispatchAfter {
		return "booked"
	}
	return "dispatched"
}

// entry is a line of the journal: a parcel and the hash of its key, or a refusal.
type entry struct {
	Parcel  *Parcel `json:"parcel,omitempty"`
	Key     []byte  `json:"key,omitempty"`
	Refused bool    `json:"refused,omitempty"`
}

// request is what one idempotency key was used for.
type request struct {
	digest [sha256.Size]byte
	parcel string
}

// Book keeps parcels. It is safe for concurrent use.
type Book struct {
	journal *journal.Journal[entry]

	mu      sync.Mutex
	parcels map[string]journal.Place
	keys    map[[sha256.Size]byte]request
	refused int
}

// Open reads what an earlier process booked, or begins a new book.
func Open(path string) (*Book, error) {
	b := &Book{parcels: map[string]journal.Place{}, keys: map[[sha256.Size]byte]request{}}
	j, err := journal.Open(path, func(e entry, at journal.Place) error {
		b.apply(e, at)
		return nil
	})
	if err != nil {
		return nil, err
	}
	b.journal = j
	return b, nil
}

// book takes a booking under a key. again says that the key has brought this very parcel before; reused, that it was
// used for something else. It returns when the parcel is on disk.
func (b *Book) book(key string, want Booking, now time.Time) (p Parcel, again, reused bool, err error) {
	hash := sha256.Sum256([]byte(key))
	b.mu.Lock()
	if first, known := b.keys[hash]; known {
		at := b.parcels[first.parcel]
		b.mu.Unlock()
		e, err := b.journal.At(at)
		if err != nil || first.digest != want.digest() {
			return Parcel{}, false, err == nil, err
		}
		return *e.Parcel, true, false, nil
	}
	p = Parcel{ID: "parcel_" + rand.Text(), TrackingNumber: "SG" + rand.Text()[:12], Booking: want, BookedAt: now}
	err = b.write(entry{Parcel: &p, Key: hash[:]})
	b.mu.Unlock()
	if err == nil {
		err = b.journal.Sync()
	}
	return p, false, false, err
}

// refuse writes down that a booking was refused for its country.
func (b *Book) refuse() error {
	b.mu.Lock()
	err := b.write(entry{Refused: true})
	b.mu.Unlock()
	if err != nil {
		return err
	}
	return b.journal.Sync()
}

func (b *Book) write(e entry) error {
	at, err := b.journal.Append(e)
	if err == nil {
		b.apply(e, at)
	}
	return err
}

func (b *Book) apply(e entry, at journal.Place) {
	if e.Refused {
		b.refused++
		return
	}
	b.parcels[e.Parcel.ID] = at
	b.keys[[sha256.Size]byte(e.Key)] = request{e.Parcel.digest(), e.Parcel.ID}
}

// find gives a parcel by its id.
func (b *Book) find(id string) (Parcel, bool, error) {
	b.mu.Lock()
	at, known := b.parcels[id]
	b.mu.Unlock()
	if !known {
		return Parcel{}, false, nil
	}
	e, err := b.journal.At(at)
	if err != nil {
		return Parcel{}, false, err
	}
	return *e.Parcel, true, nil
}

// Close closes the book's file.
func (b *Book) Close() error { return b.journal.Close() }
