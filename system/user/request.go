package user

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"stormglass/system/platform/mailaddress"
	"stormglass/system/platform/problem"
)

// Limits, in characters.
const (
	longest          = 200
	shortestPassword = 8
)

var (
	phoneForm = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	country   = regexp.MustCompile(`^[A-Z]{2}$`)
)

// normal is the form in which e-mail addresses are kept and compared.
func normal(email string) Email { return Email(strings.ToLower(strings.TrimSpace(email))) }

// check gathers what is wrong with a request, by the names that clients know its fields by.
type check []problem.Field

func (c *check) that(ok bool, name, expected string) {
	if !ok {
		*c = append(*c, problem.Field{Name: name, Problem: expected})
	}
}

// email takes what letters can be sent to, and nothing else. Accounts made before this rule may have other addresses: their
// owners log in with them as ever, and change them as they change their name.
func (c *check) email(e string) {
	c.that(mailaddress.Valid(strings.TrimSpace(e)), "email", "an e-mail address such as ada@example.org, in ASCII, with a domain's xn-- form where it has one")
}

func (c *check) text(s, name string) { c.that(text(s), name, "1 to 200 characters, no line breaks") }

func (c *check) phone(s string) {
	c.that(s == "" || phoneForm.MatchString(s), "phone", "an international number such as +4930123456, or nothing")
}

func (c *check) id(id AddressID) {
	c.that(len(id) == 36 && uuid.Validate(string(id)) == nil, "id", "a UUID such as 0b0e4b6c-5a5e-4b57-9d5a-2f1f0c9e7a11")
}

func (c check) err() error {
	if len(c) == 0 {
		return nil
	}
	return problem.InvalidFields(c...)
}

func (r Registration) validate() error {
	var c check
	c.that(text(r.Key), "Idempotency-Key", "send a header of 1 to 200 characters that is new for each account, such as a UUID")
	c.email(r.Email)
	n := utf8.RuneCountInString(r.Password)
	c.that(n >= shortestPassword && n <= longest && utf8.ValidString(r.Password), "password", "8 to 200 characters")
	c.text(r.Name, "name")
	c.phone(r.Phone)
	return c.err()
}

func (ch Change) validate() error {
	var c check
	if ch.Email != nil {
		c.email(*ch.Email)
	}
	if ch.Name != nil {
		c.text(*ch.Name, "name")
	}
	if ch.Phone != nil {
		c.phone(*ch.Phone)
	}
	return c.err()
}

func (a Address) validate() error {
	var c check
	c.id(a.ID)
	c.text(a.Name, "name")
	c.text(a.Street, "street")
	c.text(a.Postcode, "postcode")
	c.text(a.City, "city")
	c.that(country.MatchString(a.Country), "country", "two capital letters (ISO 3166-1 alpha-2), such as DE")
	return c.err()
}

// text says whether s can stand in a letter's or an e-mail's line.
func text(s string) bool {
	return strings.TrimSpace(s) != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= longest && !strings.ContainsFunc(s, unicode.IsControl)
}
