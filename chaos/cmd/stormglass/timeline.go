package main

import (
	"errors"
	"fmt"

	"stormglass/chaos/evidence"
	"stormglass/chaos/report"
	"stormglass/chaos/verdict"
)

type timelineCommand struct {
	Folder string `arg:"" help:"Evidence folder of one scenario."`
	Object string `arg:"" optional:"" help:"Whose story to tell, by an id that belongs to it; without one, that of the object whose story tells most." placeholder:"ID"`
}

// Run tells all that the evidence knows of one object of the system.
func (c timelineCommand) Run(env environment) error {
	if env.registry.Timeline == nil {
		return errors.New("tell timeline: nobody has registered how")
	}
	folder, err := evidence.Open(c.Folder)
	if err != nil {
		return err
	}
	told, err := env.registry.Timeline(folder, c.Object)
	if errors.Is(err, verdict.ErrUnknownObject) && c.Object != "" {
		return fmt.Errorf("%w; stormglass timeline %s tells of one that is there", err, c.Folder)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "what happened to %s\n", told.Object)
	report.Text{W: env.stdout}.Timeline(told)
	return nil
}
