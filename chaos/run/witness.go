package run

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"stormglass/chaos/cell"
	"stormglass/chaos/load"
	"stormglass/chaos/system"
)

// statement bounds one GET /audit or GET /books.
const statement = 5 * time.Second

// witness asks a running system what it has done: services by GET /audit on the port where they answer for their
// readiness, companies by GET /books.
type witness struct {
	cell   *cell.Cell
	system *system.System
}

func newWitness(c *cell.Cell, s *system.System) witness { return witness{c, s} }

// all asks everybody at once. missing says why somebody did not answer.
func (w witness) all(ctx context.Context) (audits, books map[string]json.RawMessage, missing map[string]string) {
	audits, books, missing = map[string]json.RawMessage{}, map[string]json.RawMessage{}, map[string]string{}
	var mu sync.Mutex
	var asking sync.WaitGroup
	for _, i := range w.cell.Instances() {
		into, name := audits, i.Name
		url := w.url(i)
		if url == "" {
			continue
		}
		if i.Kind == system.Company {
			into, name = books, i.Unit
		}
		asking.Go(func() {
			text, err := get(ctx, url)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				missing[name] = err.Error()
				return
			}
			into[name] = text
		})
	}
	asking.Wait()
	return audits, books, missing
}

// unit asks the first instance of one unit.
func (w witness) unit(ctx context.Context, name string) (json.RawMessage, error) {
	for _, i := range w.cell.Instances() {
		if url := w.url(i); i.Unit == name && url != "" {
			return get(ctx, url)
		}
	}
	return nil, fmt.Errorf("ask %s: it is not running, or keeps neither an audit nor books", name)
}

// setting reads the environment of the first process of one unit.
func (w witness) setting(unit, name string) (string, error) {
	all, err := w.cell.Processes(unit)
	if err != nil {
		return "", err
	}
	value, ok := all[0].Setting(name)
	if !ok {
		return "", fmt.Errorf("read setting: %s has no %s", all[0].Name(), name)
	}
	return value, nil
}

// url is where an instance answers, or "" for one that has nothing to say.
func (w witness) url(i cell.Instance) string {
	u, err := w.system.Unit(i.Unit)
	switch {
	case err != nil:
		return ""
	case u.Kind == system.Service && u.Ready != "":
		return "http://" + i.Addrs[u.Ready] + "/audit"
	case u.Books != "":
		return "http://" + i.Addrs[u.Books] + "/books"
	}
	return ""
}

func get(ctx context.Context, url string) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, statement)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", url, err)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("read answer of %s: %w", url, err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask %s: %s", url, answer.Status)
	}
	if !json.Valid(text) {
		return nil, fmt.Errorf("ask %s: the answer is not JSON", url)
	}
	return text, nil
}

// SiteOf is a running cell as a probe sees it.
func SiteOf(c *cell.Cell, seed uint64) load.Site {
	w := newWitness(c, c.System())
	return load.Site{Target: load.Target{BaseURL: c.Public(), Doors: c.Doors(), Seed: seed, Visits: 1}, Audit: w.unit, Books: w.unit, Setting: w.setting}
}
