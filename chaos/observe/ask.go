package observe

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Summary is a trace in one line.
type Summary struct {
	ID       string        `json:"id"`
	Name     string        `json:"name"` // of its first span, behind the service's
	Took     time.Duration `json:"took"` // in nanoseconds
	Spans    int           `json:"spans"`
	Services int           `json:"services"`
}

// Slowest lists the n traces that took longest, and counts all.
func (s *spans) Slowest(n int) (list []Summary, all int) {
	for id, members := range s.Traces() {
		services, end := map[string]bool{}, members[0].End
		for _, span := range members {
			services[span.Service] = true
			if span.End.After(end) {
				end = span.End
			}
		}
		list = append(list, Summary{id, members[0].Service + ": " + members[0].Name, end.Sub(members[0].Start), len(members), len(services)})
	}
	slices.SortStableFunc(list, func(a, b Summary) int { return cmp.Compare(b.Took, a.Took) })
	return list[:min(n, len(list))], len(list)
}

// Answers is what can be asked from another process.
type Answers interface {
	Query(ctx context.Context, promql string, at time.Time) (Vector, error)
	Trace(id string) []Span
	Slowest(n int) (list []Summary, all int)
}

// slowestAnswer is what /slowest gives.
type slowestAnswer struct {
	Traces []Summary
	All    int
}

// Handler answers questions over HTTP, in JSON, for [Remote]: /query?promql=…&at=…, /trace?id=…, /slowest?n=….
func Handler(a Answers) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /query", func(w http.ResponseWriter, r *http.Request) {
		at, err := time.Parse(time.RFC3339Nano, r.FormValue("at"))
		if err != nil {
			http.Error(w, "read at: "+err.Error(), http.StatusBadRequest)
			return
		}
		found, err := a.Query(r.Context(), r.FormValue("promql"), at)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(w, plainNumbers(found))
	})
	mux.HandleFunc("GET /trace", func(w http.ResponseWriter, r *http.Request) { answer(w, a.Trace(r.FormValue("id"))) })
	mux.HandleFunc("GET /slowest", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.FormValue("n"))
		if err != nil || n < 1 {
			http.Error(w, "read n: expected a whole number from 1 on", http.StatusBadRequest)
			return
		}
		list, all := a.Slowest(n)
		answer(w, slowestAnswer{list, all})
	})
	return mux
}

// wireSample is a sample whose value is text, for JSON knows neither NaN nor infinity.
type wireSample struct {
	Labels map[string]string
	Time   time.Time
	Value  string
}

func plainNumbers(v Vector) []wireSample {
	list := make([]wireSample, 0, len(v))
	for _, s := range v {
		list = append(list, wireSample{s.Labels, s.Time, strconv.FormatFloat(s.Value, 'g', -1, 64)})
	}
	return list
}

// answer writes JSON. Whoever does not wait for it cannot be told.
func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

// Remote asks an observer in another process, by the address of its [Handler].
type Remote struct{ BaseURL string }

// Query is as [Metrics] has it.
func (r Remote) Query(ctx context.Context, promql string, at time.Time) (Vector, error) {
	var samples []wireSample
	if err := r.get(ctx, "/query", url.Values{"promql": {promql}, "at": {at.Format(time.RFC3339Nano)}}, &samples); err != nil {
		return nil, err
	}
	found := make(Vector, 0, len(samples))
	for _, s := range samples {
		value, err := strconv.ParseFloat(s.Value, 64)
		if err != nil {
			return nil, fmt.Errorf("read answer: %w", err)
		}
		found = append(found, Sample{s.Labels, Point{s.Time, value}})
	}
	return found, nil
}

// Trace is as [Traces] has it.
func (r Remote) Trace(ctx context.Context, id string) (spans []Span, err error) {
	return spans, r.get(ctx, "/trace", url.Values{"id": {id}}, &spans)
}

// Slowest lists the n traces that took longest, and counts all.
func (r Remote) Slowest(ctx context.Context, n int) ([]Summary, int, error) {
	var a slowestAnswer
	err := r.get(ctx, "/slowest", url.Values{"n": {strconv.Itoa(n)}}, &a)
	return a.Traces, a.All, err
}

func (r Remote) get(ctx context.Context, path string, values url.Values, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.BaseURL+path+"?"+values.Encode(), nil)
	if err != nil {
		return fmt.Errorf("ask observer: %w", err)
	}
	resp, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask observer: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16)) // the status alone says enough
		return errors.New(strings.TrimSpace(string(text)))
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}
