package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"stormglass/chaos/cell"
	"stormglass/chaos/evidence"
	"stormglass/chaos/report"
	"stormglass/chaos/run"
	"stormglass/chaos/scenario"
	"stormglass/chaos/verdict"
)

type validateCommand struct {
	Files    []string `arg:"" name:"file" help:"Scenario files, or folders of them."`
	location `embed:""`
}

// Run tells every mistake in every file.
func (c validateCommand) Run(env environment) error {
	sys, err := c.load()
	if err != nil {
		return err
	}
	scenarios, err := readAll(c.Files, sys, env.registry)
	if err != nil {
		return err
	}
	for _, s := range scenarios {
		fmt.Fprintf(env.stdout, "%s: valid, about %v\n", s.Path, s.Length())
	}
	return nil
}

type listCommand struct {
	Dir      string `arg:"" optional:"" default:"scenarios" help:"Folder of scenario files."`
	Markdown bool   `help:"As a Markdown table with links to the files."`
	location `embed:""`
}

// Run lists what each scenario claims, and the verdict that it must give.
func (c listCommand) Run(env environment) error {
	sys, err := c.load()
	if err != nil {
		return err
	}
	scenarios, err := readAll([]string{c.Dir}, sys, env.registry)
	if err != nil {
		return err
	}
	if c.Markdown {
		fmt.Fprint(env.stdout, "| claim | scenario | verdict |\n|---|---|---|\n")
	}
	for _, s := range scenarios {
		if c.Markdown {
			link := (&url.URL{Path: filepath.ToSlash(s.Path)}).EscapedPath()
			fmt.Fprintf(env.stdout, "| %s | [`%s`](%s) | %s |\n", strings.ReplaceAll(oneLine(s.Claim), "|", "\\|"), s.Name, link, s.Verdict)
		} else {
			fmt.Fprintf(env.stdout, "%-32s %-13s %s\n", s.Name, s.Verdict, oneLine(s.Claim))
		}
	}
	return nil
}

type checkCommand struct {
	Folder  string `arg:"" help:"Evidence folder of one scenario."`
	Verbose bool   `short:"v" help:"Show every invariant, measure and phase."`
}

// Run judges a folder again and says so when the result is not what was recorded.
func (c checkCommand) Run(env environment) error {
	judged, err := verdict.Judge(c.Folder, env.registry)
	if err != nil {
		return err
	}
	results := []run.Result{{Verdict: judged, Folder: c.Folder}}
	for _, p := range judged.Phases {
		results[0].Took += p.Duration()
	}
	report.Text{W: env.stdout, Verbose: c.Verbose}.Result(results[0])
	recorded, err := os.ReadFile(filepath.Join(c.Folder, evidence.VerdictFile))
	if err != nil {
		return fmt.Errorf("read recorded verdict: %w", err)
	}
	again, err := json.MarshalIndent(judged, "", "  ")
	if err != nil {
		return fmt.Errorf("encode verdict: %w", err)
	}
	if !bytes.Equal(bytes.TrimSpace(recorded), again) {
		fmt.Fprintf(env.stderr, "stormglass: this judgement differs from %s; was the folder made by another version?\n", evidence.VerdictFile)
	}
	return codeOf(results, 0)
}

type guardCommand struct{}

// Run serves the harness at the other end of standard input and output.
func (guardCommand) Run(env environment) error { return cell.Guard(env.stdin, env.stdout) }

type schemaCommand struct{}

// Run prints the format's JSON Schema, for editors.
func (schemaCommand) Run(env environment) error {
	text, err := scenario.Schema()
	if err != nil {
		return fmt.Errorf("make schema: %w", err)
	}
	_, err = env.stdout.Write(text)
	return err
}
