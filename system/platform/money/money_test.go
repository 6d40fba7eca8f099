package money

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestArithmeticIsExactOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		compare(t, "sum", new(big.Int).Add(big.NewInt(a), big.NewInt(b)), func() (Money, error) { return Of(a, "EUR").Add(Of(b, "EUR")) })
		compare(t, "product", new(big.Int).Mul(big.NewInt(a), big.NewInt(b)), func() (Money, error) { return Of(a, "EUR").Times(b) })
	})
}

func compare(t *rapid.T, what string, want *big.Int, calculate func() (Money, error)) {
	got, err := calculate()
	switch {
	case want.IsInt64() && (err != nil || got.Minor != want.Int64()):
		t.Fatalf("%s: got %d, %v; want %s", what, got.Minor, err, want)
	case !want.IsInt64() && !errors.Is(err, ErrOverflow):
		t.Fatalf("%s: got %d, %v; want %v", what, got.Minor, err, ErrOverflow)
	}
}

func TestCurrenciesDoNotMix(t *testing.T) {
	if _, err := Of(1, "EUR").Add(Of(1, "USD")); !errors.Is(err, ErrCurrency) {
		t.Errorf("EUR + USD: got %v, want %v", err, ErrCurrency)
	}
}

func TestStringShowsMinorUnits(t *testing.T) {
	for minor, want := range map[int64]string{0: "0.00 EUR", 7: "0.07 EUR", 1299: "12.99 EUR", -1299: "-12.99 EUR", math.MinInt64: "-92233720368547758.08 EUR"} {
		if got := Of(minor, "EUR").String(); got != want {
			t.Errorf("%d: got %q, want %q", minor, got, want)
		}
	}
}
