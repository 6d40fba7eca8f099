// Package user knows who people are: accounts and their passwords, the tokens that prove who calls and the keys that sign
// these, profiles and addresses.
package user

import (
	"slices"
	"time"
)

// Own types keep ids from being swapped.
type (
	// ID names an account.
	ID string
	// Email is an e-mail address as it is compared: in lower case. Make one with normal.
	Email string
	// AddressID names one of a user's addresses; the client chose it.
	AddressID string
)

// Staff is the role of those who run the shop.
const Staff = "staff"

// User is an account.
type User struct {
	ID    ID
	Email Email
	Name  string
	// Phone is in E.164, or empty.
	Phone string
	// Password is the hash of it, never itself.
	Password hash
	Roles    []string
	// Version is 1 for a new account and rises with each change of the contact data, so that others can tell an old
	// event from a new one.
	Version int64
	// Key is the idempotency key of the registration.
	Key     string
	Created time.Time
	Updated time.Time
}

// Address is where a user may want goods to go.
type Address struct {
	ID       AddressID
	Name     string
	Street   string
	Postcode string
	City     string
	// Country is an ISO 3166-1 alpha-2 code.
	Country string
}

// Change is what a user wants changed of their contact data; nil leaves a part as it is.
type Change struct {
	Email *string
	Name  *string
	Phone *string
}

// apply makes a valid change. It says whether that changed anything: only then is there a new version.
func (u *User) apply(c Change, now time.Time) bool {
	before := *u
	if c.Email != nil {
		u.Email = normal(*c.Email)
	}
	if c.Name != nil {
		u.Name = *c.Name
	}
	if c.Phone != nil {
		u.Phone = *c.Phone
	}
	if u.Email == before.Email && u.Name == before.Name && u.Phone == before.Phone {
		return false
	}
	u.Version++
	u.Updated = now
	return true
}

// promote gives the user a role, and says whether that is new.
func (u *User) promote(role string, now time.Time) bool {
	if slices.Contains(u.Roles, role) {
		return false
	}
	u.Roles = append(slices.Clone(u.Roles), role)
	u.Updated = now
	return true
}
