package verdict

import (
	"path"

	"stormglass/chaos/system"
)

// Title is the scenario's name, and the tier's where it is another than the embedded one.
func (v Verdict) Title() string {
	if v.Tier == "" || v.Tier == system.Embedded {
		return v.Name
	}
	return v.Name + " on " + v.Tier
}

// Place is where a scenario's evidence lies below its run's folder: what the embedded tier gave in a folder of the scenario's
// name, that of other tiers in folders of theirs.
func Place(tier, scenario string) string {
	if tier == "" || tier == system.Embedded {
		return scenario
	}
	return path.Join(tier, scenario)
}
