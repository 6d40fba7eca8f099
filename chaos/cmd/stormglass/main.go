// Command stormglass runs a system that is described by a file, breaks it as scenarios say, and tells the truth about
// what happened.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(execute(context.Background(), os.Args[1:], environment{
		registry: registry(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
	}))
}
