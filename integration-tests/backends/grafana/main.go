// Reads dashboards as strictly as Grafana's own schema has them, and says what is missing, unknown or
// of a wrong type: in a dashboard, the options of its panels, its queries and its variables.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func check(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var read dashboard.Dashboard
	// What is read without a fault is returned as an error too, which says nothing.
	if err := read.UnmarshalJSONStrict(text); err != nil && err.Error() != "" {
		return err
	}
	return read.Validate()
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: dashboard-check FILE...")
		os.Exit(2)
	}
	plugins.RegisterDefaultPlugins()
	wrong := 0
	for _, file := range os.Args[1:] {
		if err := check(file); err != nil {
			wrong++
			fmt.Fprintf(os.Stderr, "%s:\n%v\n", file, err)
		}
	}
	if wrong > 0 {
		os.Exit(1)
	}
}
