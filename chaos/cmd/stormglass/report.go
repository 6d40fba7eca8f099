package main

import (
	"context"
	"fmt"

	"stormglass/chaos/report/page"
)

type reportCommand struct {
	Folder string `arg:"" help:"Folder of a run, or of one scenario's evidence in it."`
}

// Run writes the page into the folder and says where it is.
func (c reportCommand) Run(ctx context.Context, env environment) error {
	path, err := page.Write(ctx, c.Folder)
	if err != nil {
		return err
	}
	fmt.Fprintln(env.stdout, path)
	return nil
}
