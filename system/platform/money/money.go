// Package money is exact money: integer minor units of one currency, with arithmetic that refuses to overflow or to mix
// currencies.
package money

import (
	"errors"
	"fmt"
	"math"
)

// Money is an amount in minor units (cents) of a currency.
type Money struct {
	Minor int64
	// Currency is an ISO 4217 code.
	Currency string
}

// Errors of the arithmetic.
var (
	ErrOverflow = errors.New("amount out of range")
	ErrCurrency = errors.New("currencies differ")
)

// Of makes an amount.
func Of(minor int64, currency string) Money { return Money{Minor: minor, Currency: currency} }

// Add gives m + other.
func (m Money) Add(other Money) (Money, error) {
	if m.Currency != other.Currency {
		return Money{}, fmt.Errorf("add %s to %s: %w", other.Currency, m.Currency, ErrCurrency)
	}
	if (other.Minor > 0 && m.Minor > math.MaxInt64-other.Minor) || (other.Minor < 0 && m.Minor < math.MinInt64-other.Minor) {
		return Money{}, fmt.Errorf("add %d to %d: %w", other.Minor, m.Minor, ErrOverflow)
	}
	return Money{m.Minor + other.Minor, m.Currency}, nil
}

// Times gives m × n.
func (m Money) Times(n int64) (Money, error) {
	if m.Minor == 0 || n == 0 {
		return Money{0, m.Currency}, nil
	}
	product := m.Minor * n
	if product/n != m.Minor || (m.Minor == math.MinInt64 && n == -1) || (n == math.MinInt64 && m.Minor == -1) {
		return Money{}, fmt.Errorf("multiply %d by %d: %w", m.Minor, n, ErrOverflow)
	}
	return Money{product, m.Currency}, nil
}

// IsZero says whether the amount is nothing, of whatever currency.
func (m Money) IsZero() bool { return m.Minor == 0 }

// Positive says whether the amount is more than nothing.
func (m Money) Positive() bool { return m.Minor > 0 }

// String gives the amount with two decimals, such as "12.99 EUR".
func (m Money) String() string {
	sign, minor := "", uint64(m.Minor)
	if m.Minor < 0 {
		sign, minor = "-", uint64(-(m.Minor+1))+1
	}
	return fmt.Sprintf("%s%d.%02d %s", sign, minor/100, minor%100, m.Currency)
}
