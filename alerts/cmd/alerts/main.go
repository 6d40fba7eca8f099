// Command alerts writes the rules of the shop's objectives to a file.
package main

import (
	"fmt"
	"os"

	"stormglass/alerts"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: alerts FILE, such as alerts/rules/slo.yaml")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "alerts:", err)
		os.Exit(1)
	}
}

func write(file string) error {
	text, err := alerts.Rules(alerts.Objectives()).Encode()
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}
