package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestOnATerminalTheLineIsClearedBeforeAnythingThatStays(t *testing.T) {
	var screen bytes.Buffer
	p := &progress{w: &screen, live: true, begin: time.Now(), doing: map[string]string{}}
	p.scenario("dark", "%s", "steady")
	p.scenario("broker", "boot")
	if got := lastLine(screen.String()); !strings.Contains(got, "dark: steady │ broker: boot") {
		t.Errorf("line: got %q, want both scenarios", got)
	}
	p.finish("dark", func() { fmt.Fprintln(&screen, "PASS dark") })
	if got := screen.String(); !strings.Contains(got, "\r\x1b[KPASS dark\n") {
		t.Errorf("got %q, want the result on a line that was cleared", got)
	}
	if got := lastLine(screen.String()); strings.Contains(got, "dark:") || !strings.Contains(got, "broker: boot") {
		t.Errorf("line: got %q, want the one that still runs", got)
	}
	p.scenario("broker", "%s", strings.Repeat("x", 500))
	if got := len([]rune(lastLine(screen.String()))); got > 118 {
		t.Errorf("line: got %d characters, want no more than a terminal shows", got)
	}
	p.close()
	if got := lastLine(screen.String()); got != "" {
		t.Errorf("line in the end: got %q, want none", got)
	}
}

func TestElsewhereEachStepIsALineOfItsOwn(t *testing.T) {
	var log bytes.Buffer
	p := newProgress(&log)
	p.note("seed %d", 3)
	p.scenario("dark", "steady")
	p.finish("dark", func() {})
	p.close()
	if got := log.String(); strings.Contains(got, "\r") || strings.Count(got, "\n") != 2 || !strings.HasSuffix(got, "s  dark: steady\n") {
		t.Errorf("got %q, want two plain lines", got)
	}
}

// lastLine is what a terminal shows on its last line.
func lastLine(text string) string {
	text = text[strings.LastIndexByte(text, '\n')+1:]
	return text[strings.LastIndex(text, "\x1b[K")+len("\x1b[K"):]
}
