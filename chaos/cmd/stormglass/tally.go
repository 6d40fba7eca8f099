package main

import "stormglass/chaos/report"

type tallyCommand struct {
	Folders []string `arg:"" name:"folder" help:"Folders of runs."`
	Strain  bool     `help:"Count by how strained the runs were, and not by scenario."`
}

// Run prints a table over all the runs.
func (c tallyCommand) Run(env environment) error {
	if c.Strain {
		return report.Curve(env.stdout, c.Folders)
	}
	return report.Tally(env.stdout, c.Folders)
}
