//go:build !linux

package cell

import "os/exec"

// launch starts a command.
func launch(cmd *exec.Cmd) error { return cmd.Start() }
