// Command shop is the whole shop in one binary: one subcommand for each service, and the operator's tools.
package main

import (
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }
