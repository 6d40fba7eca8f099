package telemetry

// Rename is a metric, or one label of a metric, that has a new name.
type Rename struct {
	// Old and New are names of metrics, such as shop_ready, or of a metric and its label, such as shop_ready{instance}.
	Old, New string
}

// Renamed lists what has another name since the last release. Dashboards, alerts and queries of others read our metrics, so that a
// metric or a label that is renamed keeps its old name for one release: both are in the catalogue and both are exported until then.
// A label's old name stays beside the new one, with the same value. So a rename is
//
//  1. the new name in the catalogue, beside the old one, whose help text says what replaces it,
//  2. an entry here, and a line about it in the release's notes,
//  3. after the release: the old name and the entry are removed, and released.txt is written anew
//     (go test ./system/platform/telemetry -run Released -update).
//
// What is removed without a successor stays for one release as well: its New is empty. There has been no release yet, and no
// rename since the first commit; released.txt holds the names that a first release has.
func Renamed() []Rename { return []Rename{} }
