package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

type stage struct {
	Base     string   `json:"base"`
	Name     string   `json:"name"`
	Commands []string `json:"commands"`
}

// The stages with their instructions. What the linter warns of is an error.
func readDockerfile(file string) ([]byte, error) {
	reader, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	parsed, err := parser.Parse(reader)
	if err != nil {
		return nil, err
	}
	var warnings []error
	for _, warning := range parsed.Warnings {
		warnings = append(warnings, errors.New(warning.Short))
	}
	warn := func(rule, _, _, message string, location []parser.Range) {
		warnings = append(warnings, fmt.Errorf("%s: %s %v", rule, message, location))
	}
	read, _, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{Warn: warn}))
	if err := errors.Join(append(warnings, err)...); err != nil {
		return nil, err
	}
	stages := []stage{}
	for _, from := range read {
		one := stage{Base: from.BaseName, Name: from.Name}
		for _, command := range from.Commands {
			one.Commands = append(one.Commands, fmt.Sprint(command))
		}
		stages = append(stages, one)
	}
	return json.Marshal(stages)
}
