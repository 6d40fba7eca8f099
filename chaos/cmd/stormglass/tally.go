package main

import "stormglass/chaos/report"

type tallyCommand struct {
	Folders []string `arg:"" name:"folder" help:"Folders of runs."`
}

// Run prints a table over all the runs.
func (c tallyCommand) Run(env environment) error { return report.Tally(env.stdout, c.Folders) }
