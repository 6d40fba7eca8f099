package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/observe"
)

// source answers questions about what a system showed of itself: a kept run, or a running up.
type source interface {
	Query(ctx context.Context, promql string, at time.Time) (observe.Vector, error)
	Trace(ctx context.Context, id string) ([]observe.Span, error)
	Slowest(ctx context.Context, n int) (list []observe.Summary, all int, err error)
	// moment is so long after the beginning of the load, or of the up; with 0 it is the newest.
	moment(since time.Duration) (time.Time, error)
	Close() error
}

// sourceIn opens what a folder holds; with "" it is the one running up.
func sourceIn(ctx context.Context, folder string) (source, error) {
	if folder == "" {
		r, err := theRunning(ctx)
		return live{observe.Remote{BaseURL: r.Ask}, r}, err
	}
	if _, err := os.Stat(filepath.Join(folder, askFile)); err == nil {
		r, err := runningIn(ctx, folder)
		return live{observe.Remote{BaseURL: r.Ask}, r}, err
	}
	opened, err := evidence.Open(folder)
	if err != nil {
		return nil, err
	}
	recorded, err := observe.Open(folder)
	return kept{recorded, opened.Run, folder}, err
}

// live is a running up.
type live struct {
	observe.Remote
	up running
}

func (l live) moment(since time.Duration) (time.Time, error) {
	at := time.Now()
	if since == 0 {
		return at, nil
	}
	if l.up.Since.Add(since).After(at) {
		return time.Time{}, fmt.Errorf("find the moment: --at %s has not come yet; it is up for %s", since, at.Sub(l.up.Since).Round(time.Millisecond))
	}
	return l.up.Since.Add(since), nil
}

func (live) Close() error { return nil }

// kept is a run that is over.
type kept struct {
	*observe.Recorded
	run    evidence.Run
	folder string
}

func (k kept) Trace(_ context.Context, id string) ([]observe.Span, error) {
	return k.Recorded.Trace(id), nil
}

func (k kept) Slowest(_ context.Context, n int) ([]observe.Summary, int, error) {
	list, all := k.Recorded.Slowest(n)
	return list, all, nil
}

func (k kept) moment(since time.Duration) (time.Time, error) {
	if len(k.run.Phases) == 0 {
		return time.Time{}, fmt.Errorf("find the moment: %s went through no phase", k.folder)
	}
	end := k.run.Phases[len(k.run.Phases)-1].End
	warmup, ok := k.run.Phase(evidence.Warmup)
	if since == 0 || !ok {
		return end, nil
	}
	at := warmup.Start.Add(since)
	if at.After(end) {
		return time.Time{}, fmt.Errorf("find the moment: --at %s is after the end of the run, %s from the beginning of its load", since, end.Sub(warmup.Start).Round(time.Millisecond))
	}
	return at, nil
}
