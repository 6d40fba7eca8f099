// Package page draws a kept run as one HTML page that needs nothing else: no network, no other file, and no script but a
// few lines for pointing at things, without which it is as whole.
//
//	summary.json ─▶ suite ─▶ one row and one section for each scenario
//	evidence folder ─▶ section: claims, doses, invariants, pictures over one clock, slowest traces
//
// What cannot be read is said in its place; a page is made as long as there is something to put on it.
package page

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// File is the page's name, beside summary.json.
const File = "report.html"

//go:embed assets
var assets embed.FS

// document is what the outermost template shows.
type document struct {
	Suite  suite
	Style  template.CSS
	Script template.JS
	Policy string // what a browser may load and run: this page's own style and script, and nothing from elsewhere
}

// Write makes the page of the run in dir, or of the one scenario whose evidence dir is, from the folder alone, and
// returns its path. The page appears whole or not at all.
func Write(ctx context.Context, dir string) (string, error) {
	all, err := readSuite(dir)
	if err != nil {
		return "", fmt.Errorf("draw report: %w", err)
	}
	drawAll(ctx, all.Scenarios)
	if err := context.Cause(ctx); err != nil {
		return "", fmt.Errorf("draw report: %w", err)
	}
	html, err := render(all)
	if err != nil {
		return "", fmt.Errorf("draw report: %w", err)
	}
	path := filepath.Join(dir, File)
	if err := os.WriteFile(path+".new", html, 0o644); err != nil {
		return "", fmt.Errorf("write report: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return "", fmt.Errorf("write report: %w", err)
	}
	return path, nil
}

// drawAll draws as many scenarios at once as there are processors; most of the time goes into reading their evidence.
func drawAll(ctx context.Context, scenarios []contender) {
	places := make(chan struct{}, runtime.GOMAXPROCS(0))
	var drawing sync.WaitGroup
	for i := range scenarios {
		places <- struct{}{}
		drawing.Go(func() {
			defer func() { <-places }()
			scenarios[i].Section = draw(ctx, scenarios[i].Shown)
		})
	}
	drawing.Wait()
}

// render puts a suite into the templates.
func render(all suite) ([]byte, error) {
	style, err := assets.ReadFile("assets/page.css")
	if err != nil {
		return nil, err
	}
	script, err := assets.ReadFile("assets/page.js")
	if err != nil {
		return nil, err
	}
	pages, err := template.New("page.html").Funcs(words()).ParseFS(assets, "assets/*.html")
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(script)
	var out bytes.Buffer
	err = pages.Execute(&out, document{
		Suite: all, Style: template.CSS(style), Script: template.JS(script),
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; script-src 'sha256-" +
			base64.StdEncoding.EncodeToString(hash[:]) + "'",
	})
	return out.Bytes(), err
}
