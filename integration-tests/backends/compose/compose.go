package main

import (
	"context"

	"github.com/compose-spec/compose-go/v2/cli"
)

// The project with names and anchors resolved, the services of all profiles among it.
func readCompose(file string) ([]byte, error) {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithProfiles([]string{"*"}))
	if err != nil {
		return nil, err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return nil, err
	}
	return project.MarshalJSON()
}
