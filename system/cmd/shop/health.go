package main

import (
	"io"

	"stormglass/system/platform/boot"
)

// healthcheck asks the service whose ADMIN_ADDR this environment has.
func healthcheck(args []string, stdout, stderr io.Writer) int {
	return boot.Healthcheck("shop", "ADMIN_ADDR", args, stdout, stderr)
}
