package run

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/verdict"
)

const (
	lookEvery = 300 * time.Millisecond // between two looks at what is awaited
	openVisit = 10 * time.Second       // how long visits may stay open once the load has ended
	atMost    = 3                      // times the scenario's drain, for a system that changes all the while
)

// drain ends the load and waits until nothing that may still come true is missing in two looks running. What is still missing
// once nothing has changed for as long as the scenario allows, is for the judge to say; a slow machine gets its time, but not
// forever. Waiting takes little of a machine, so the next scenario may begin, if this is not one that leaves much to do.
func (t *trial) drain(ctx context.Context) error {
	start := time.Now()
	if t.options.Jobs > 1 && !t.options.FailFast && !needsAll(t.scenario) && !isHeavy(t.scenario) {
		t.slot.release()
	}
	t.endLoad(ctx)
	t.folder.Decoded = new(evidence.Decoded) // each look reads what the one before has read, but for what moved
	latest, changed := start.Add(atMost*t.scenario.Drain), start
	for complete := 0; complete < 2; {
		if err := wait(lookEvery)(ctx); err != nil {
			return err
		}
		moved := t.gather(ctx)
		now := time.Now()
		if moved {
			changed = now
		}
		findings := t.bench().After(ctx, t.view(start, now))
		t.note(findings, now)
		complete++
		if slices.ContainsFunc(findings, verdict.Finding.Pending) {
			complete = 0
		}
		if quiet := now.Sub(changed) >= t.scenario.Drain; complete == 0 && (quiet || now.After(latest)) {
			t.folder.Run.AtWork = !quiet
			break
		}
	}
	return ctx.Err()
}

func (t *trial) endLoad(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, openVisit)
	defer cancel()
	t.stopLoad(ctx)
}

// collect reads the end state once more, as what the judge will see.
func (t *trial) collect(ctx context.Context) error {
	t.gather(ctx)
	return ctx.Err()
}

// note keeps since when each thing that is awaited has held without a break.
func (t *trial) note(findings []verdict.Finding, now time.Time) {
	for _, f := range findings {
		_, held := t.folder.Run.Held[f.Asked]
		switch {
		case f.State != verdict.Holds && !f.Late():
			delete(t.folder.Run.Held, f.Asked)
		case !held:
			t.folder.Run.Held[f.Asked] = now
		}
	}
}

func (t *trial) bench() verdict.Bench {
	return verdict.Bench{Scenario: t.scenario, Registry: t.options.Registry, Metrics: t.observer, Traces: t.observer}
}

// view is the evidence as it stands, with the drain as if it ended now.
func (t *trial) view(start, now time.Time) *evidence.Folder {
	view := t.folder
	view.History = t.recorder.History()
	view.Run.Phases = append(slices.Clone(view.Run.Phases), evidence.Phase{Name: evidence.Drain, Start: start, End: now})
	view.Run.Held = maps.Clone(view.Run.Held)
	return &view
}

// gather asks every service for its audit and every company for its books, and says whether one is not as it was.
func (t *trial) gather(ctx context.Context) (moved bool) {
	audits, books := t.folder.Audits, t.folder.Books
	t.folder.Audits, t.folder.Books, t.folder.Run.Uncollected = newWitness(t.running(), t.options.System).all(ctx)
	same := func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }
	return !maps.EqualFunc(audits, t.folder.Audits, same) || !maps.EqualFunc(books, t.folder.Books, same)
}
