// Reads a compose file as `docker compose` does, or a Dockerfile as `docker build` does, by their
// parsers, and prints what it comes to as JSON. Nothing is run.
package main

import (
	"fmt"
	"os"
)

func run() ([]byte, error) {
	if len(os.Args) == 3 {
		switch file := os.Args[2]; os.Args[1] {
		case "compose":
			return readCompose(file)
		case "dockerfile":
			return readDockerfile(file)
		}
	}
	return nil, fmt.Errorf("usage: compose-check compose|dockerfile FILE")
}

func main() {
	text, err := run()
	if err == nil {
		_, err = os.Stdout.Write(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
