//go:build !race

package cardnumber

// perKind is how many ids of each kind are tried.
const perKind = 2_000_000
