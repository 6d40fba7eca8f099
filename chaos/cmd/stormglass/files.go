package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"stormglass/chaos/scenario"
	"stormglass/chaos/system"
	"stormglass/chaos/verdict"
)

// expand replaces each folder by the scenario files in it.
func expand(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("find scenario: there is no %s", path)
		}
		if err != nil {
			return nil, fmt.Errorf("find scenario: %w", err)
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		found, err := system.YAMLFiles(path)
		if err != nil {
			return nil, fmt.Errorf("find scenarios: %w", err)
		}
		files = append(files, found...)
	}
	return files, nil
}

// readAll reads scenarios and holds them against the system. The error tells of every mistake in every file.
func readAll(paths []string, s *system.System, r verdict.Registry) ([]*scenario.Scenario, error) {
	files, err := expand(paths)
	if err != nil {
		return nil, err
	}
	words := vocabulary(s, r)
	var all []*scenario.Scenario
	var errs []error
	for _, file := range files {
		one, err := scenario.Load(file)
		if err == nil {
			err = one.Resolve(words)
		}
		if err == nil {
			if i := slices.IndexFunc(all, func(s *scenario.Scenario) bool { return s.Name == one.Name }); i >= 0 {
				err = fmt.Errorf("%s: a scenario named %s was given already: %s; rename one of them, or leave it out", file, one.Name, all[i].Path)
			}
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, one)
	}
	return all, errors.Join(errs...)
}

func vocabulary(s *system.System, r verdict.Registry) scenario.Vocabulary {
	v := scenario.Vocabulary{System: s}
	for _, x := range r.Shoppers {
		v.Shoppers = append(v.Shoppers, x.Name)
	}
	for _, x := range r.Signals {
		v.Signals = append(v.Signals, x.Name)
	}
	for _, x := range r.Checks {
		v.Checks = append(v.Checks, x.Name)
	}
	for _, x := range r.Acts {
		v.Acts = append(v.Acts, x.Name)
	}
	if r.Workload != nil {
		v.Operation = r.Workload.Operation
	}
	return v
}

// only keeps the scenarios that are named.
func only(all []*scenario.Scenario, names []string) ([]*scenario.Scenario, error) {
	if len(names) == 0 {
		return all, nil
	}
	var known []string
	for _, s := range all {
		known = append(known, s.Name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("find scenario: %q is not among those given%s", name, system.Hint(name, known))
		}
	}
	return slices.DeleteFunc(all, func(s *scenario.Scenario) bool { return !slices.Contains(names, s.Name) }), nil
}

// oneLine puts a text that was folded in a file on one line.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
