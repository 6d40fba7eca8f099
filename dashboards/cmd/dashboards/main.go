// Command dashboards writes the dashboards as JSON: DIR/NAME.json to be provisioned or imported by hand, and
// DIR/export/NAME.json to be published on grafana.com.
package main

import (
	"fmt"
	"os"

	"stormglass/dashboards"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: dashboards DIR")
		os.Exit(2)
	}
	if err := dashboards.Write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "dashboards:", err)
		os.Exit(1)
	}
}
