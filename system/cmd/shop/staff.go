package main

import (
	"context"
	"fmt"
	"io"

	"stormglass/system/platform/boot"
	"stormglass/system/user"
)

// staff gives an account the role of those who run the shop. It needs the user service's DATABASE_URL.
func staff(args []string, stdout, stderr io.Writer) int {
	if len(args) != 2 || args[0] != "add" {
		fmt.Fprintln(stderr, "usage: shop staff add EMAIL\n\nDATABASE_URL says where the user service's database is.")
		return boot.ExitUsage
	}
	code := boot.Once("user", func(ctx context.Context, rt *boot.Runtime) error { return user.AddStaff(ctx, rt, args[1]) }, stderr)
	if code == boot.ExitOK {
		fmt.Fprintln(stdout, "done: the account is staff from its next login or refresh on")
	}
	return code
}
