//go:build race

package cardnumber

// perKind is how many ids of each kind are tried. The race detector makes each of them ten times as slow.
const perKind = 100_000
