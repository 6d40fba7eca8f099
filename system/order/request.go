package order

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"unicode/utf8"

	"stormglass/system/platform/problem"
)

// longest is the most characters of any text in an order.
const longest = 200

// validate names every field that is wrong, by the name that clients know it by.
func (r Request) validate() error {
	var wrong []problem.Field
	check := func(ok bool, name, expected string) {
		if !ok {
			wrong = append(wrong, problem.Field{Name: name, Problem: expected})
		}
	}
	check(r.Key != "" && len(r.Key) <= longest, "Idempotency-Key", "send a header of 1 to 200 characters that is new for each order, such as a UUID")
	check(r.CartVersion > 0, "cart_version", "the version that reading the cart gave, 1 or more")
	check(r.ExpectedTotal.Positive(), "expected_total", "the cart's total, more than 0")
	check(r.CardRef != "" && len(r.CardRef) <= longest, "card_ref", "the reference that POST /v1/cards gave")
	check(text(r.Address.Name), "address.name", "1 to 200 characters")
	check(text(r.Address.Street), "address.street", "1 to 200 characters")
	check(text(r.Address.Postcode), "address.postcode", "1 to 200 characters")
	check(text(r.Address.City), "address.city", "1 to 200 characters")
	check(len(r.Address.Country) == 2 && upper(r.Address.Country), "address.country", "two capital letters (ISO 3166-1 alpha-2), such as DE")
	if len(wrong) > 0 {
		return problem.InvalidFields(wrong...)
	}
	return nil
}

func text(s string) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= longest
}

func upper(s string) bool {
	for _, c := range s {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

// digest tells two requests with one key apart.
func (r Request) digest() string {
	content, err := json.Marshal(struct {
		CartVersion int64
		Minor       int64
		Currency    string
		Address     Address
		CardRef     string
	}{r.CartVersion, r.ExpectedTotal.Minor, r.ExpectedTotal.Currency, r.Address, r.CardRef})
	if err != nil {
		panic("encode plain fields: " + err.Error())
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
