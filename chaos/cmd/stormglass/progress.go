package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// progress shows what goes on: one live line on a terminal, and a plain line for each step elsewhere.
type progress struct {
	w    io.Writer
	live bool

	mu      sync.Mutex
	begin   time.Time
	running []string          // scenarios under way, in the order in which they began
	doing   map[string]string // what each of them does
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, begin: time.Now(), doing: map[string]string{}}
	if file, ok := w.(*os.File); ok {
		info, err := file.Stat()
		p.live = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	}
	return p
}

// note says something that stays.
func (p *progress) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.w, format+"\n", args...)
	p.draw()
}

// scenario is a run.Progress.
func (p *progress) scenario(name, format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	if _, known := p.doing[name]; !known {
		p.running = append(p.running, name)
	}
	p.doing[name] = text
	if !p.live {
		fmt.Fprintf(p.w, "%6.1fs  %s: %s\n", time.Since(p.begin).Seconds(), name, text)
		return
	}
	p.clear()
	p.draw()
}

// finish takes a scenario off the line and lets show write its result undisturbed.
func (p *progress) finish(name string, show func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	delete(p.doing, name)
	p.running = without(p.running, name)
	show()
	p.draw()
}

// close leaves the terminal clean.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progress) clear() {
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

func (p *progress) draw() {
	if !p.live || len(p.running) == 0 {
		return
	}
	var parts []string
	for _, name := range p.running {
		parts = append(parts, name+": "+p.doing[name])
	}
	line := fmt.Sprintf("%4.0fs  %s", time.Since(p.begin).Seconds(), strings.Join(parts, " │ "))
	if runes := []rune(line); len(runes) > 118 {
		line = string(runes[:117]) + "…" // a line that wraps could not be cleared
	}
	fmt.Fprint(p.w, line)
}

func without(list []string, name string) []string {
	var rest []string
	for _, other := range list {
		if other != name {
			rest = append(rest, other)
		}
	}
	return rest
}
