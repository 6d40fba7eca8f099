package gateway

import (
	"strings"
	"time"

	moneyv1 "stormglass/system/api/money/v1"
)

// Keyed is the input of a write that a client may repeat.
type Keyed struct {
	Key string `header:"Idempotency-Key" required:"true" minLength:"1" maxLength:"200" pattern:"^[!-~]*[A-Za-z][!-~]*$" patternDescription:"visible ASCII characters with at least one letter among them" doc:"1 to 200 visible ASCII characters, at least one of them a letter, that are new for each write and the same for its repeats, such as a UUID"`
}

// money is an exact amount.
type money struct {
	Minor    int64  `json:"minor" minimum:"0" maximum:"9007199254740991" doc:"Minor units, such as cents." example:"1299"`
	Currency string `json:"currency" pattern:"^[A-Z]{3}$" patternDescription:"three capital letters (ISO 4217)" example:"EUR"`
}

func moneyOf(m *moneyv1.Money) money { return money{m.GetMinor(), m.GetCurrency()} }

func (m money) wire() *moneyv1.Money { return &moneyv1.Money{Minor: m.Minor, Currency: m.Currency} }

// instant gives the time of Unix microseconds.
func instant(us int64) time.Time { return time.UnixMicro(us).UTC() }

// word gives an enum's value as clients know it: STATE_PENDING is "pending".
func word(state interface{ String() string }) string {
	return strings.ToLower(strings.TrimPrefix(state.String(), "STATE_"))
}

// each converts a list; an empty one stays a list in JSON.
func each[A, B any](list []A, convert func(A) B) []B {
	out := make([]B, 0, len(list))
	for _, element := range list {
		out = append(out, convert(element))
	}
	return out
}
