// Package cell runs one isolated copy of a system: its processes under a guard, its ports, its data folder, and a
// proxy on every link. Cells share nothing, so they run side by side.
package cell

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"stormglass/chaos/system"
	"stormglass/internal/ports"
)

// The folders of a cell, below Options.Dir.
const (
	dataDir = "data"
	logsDir = "logs"
)

// Options says what a cell is made of.
type Options struct {
	Name      string                       // for messages
	Dir       string                       // the cell's own folder: Dir/data (but see InMemory), and Dir/logs/<instance>.log
	Keep      bool                         // leave Dir/data behind
	InMemory  bool                         // have the data in memory and not in Dir/data, if the machine lets us and it need not be kept
	Temporary *Temp                        // this folder is Dir, and all of it goes with the cell, its logs too, however the cell ends
	Bin       string                       // the folder of the programs
	Env       map[string]map[string]string // unit → settings that override the file's
	Instances map[string]int               // unit → how many of it, 1 where nothing is said
	Direct    bool                         // a link's address is its server's own: no proxies
	Proxied   []string                     // the links that have proxies all the same where Direct is set
	Abrupt    []string                     // links, such as "order -> product", whose connections end with a TCP reset however they end
	Ports     map[string]string            // "unit.port" → host:port, where it must not be just any free one
	OTLP      string                       // host:port where traces go; settings that need it are left out when it is ""
	Jaeger    string                       // URL of the legacy trace endpoint; "" as above
	Seed      uint64                       // of all chance in the cell, see Stream.Seed
	Guard     []string                     // the command that runs Guard; by default this program with the argument "guard"
	Yield     bool                         // see Cell.Yield; from the start
	Guarded   func(pid int)                // told of the guard's process, below which all others of the cell run; may be nil
	Progress  func(format string, args ...any)

	data string // the folder of the data
}

// Cell is a running copy of a system.
type Cell struct {
	sys     *system.System
	o       Options
	plan    *plan
	ports   *ports.Ports
	keeper  *keeper
	proxies []*Proxy
	procs   []*Process // in file order
	probes  *http.Client
	deaths  chan Death

	stopping atomic.Bool
	stop     sync.Once
	stopErr  error
}

// Start runs a system and returns when every unit is ready. All processes start at once: each must bear with
// neighbours that are not there yet. On an error nothing is left running, and the error names the process.
func Start(ctx context.Context, sys *system.System, o Options) (*Cell, error) {
	if o.Progress == nil {
		o.Progress = func(string, ...any) {}
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err == nil {
		o.Bin, err = filepath.Abs(o.Bin)
	}
	if err != nil {
		return nil, fmt.Errorf("start cell: %w", err)
	}
	if !utf8.ValidString(o.Dir) { // the guard is told in JSON what it has to remove
		return nil, fmt.Errorf("start cell: the name of its folder %q is not UTF-8: choose another folder, or set TMPDIR to one", o.Dir)
	}
	c := &Cell{
		sys: sys, o: o, deaths: make(chan Death, 64),
		probes: &http.Client{Timeout: time.Second, Transport: &http.Transport{}},
	}
	if err := c.boot(ctx); err != nil {
		over, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		return nil, errors.Join(fmt.Errorf("start cell %s: %w", o.Name, err), c.Stop(over))
	}
	return c, nil
}

// boot brings the cell up step by step; whatever it has brought up, Stop takes down.
func (c *Cell) boot(ctx context.Context) error {
	run, err := runDir()
	if err != nil {
		return err
	}
	if err := sweep(run); err != nil {
		return err
	}
	if c.ports, err = ports.New(); err != nil {
		return err
	}
	unique := uniqueName()
	c.o.data = c.o.dataFolder(unique)
	if c.plan, err = newPlan(c.sys, c.o, c.ports.Take); err != nil {
		return err
	}
	if err := c.o.makeFolders(); err != nil {
		return err
	}
	for _, link := range c.o.Abrupt {
		if _, err := c.sys.Link(link); err != nil {
			return err
		}
	}
	if c.proxies, err = startProxies(c.plan.proxies, c.o); err != nil {
		return err
	}
	for _, p := range c.plan.instances {
		c.procs = append(c.procs, &Process{cell: c, plan: &p, state: Dead})
	}
	if c.keeper, err = c.newKeeper(filepath.Join(run, unique+recordSuffix)); err != nil {
		return err
	}
	if c.o.Guarded != nil {
		c.o.Guarded(c.keeper.cmd.Process.Pid)
	}
	if c.o.Yield {
		if err := c.Yield(); err != nil {
			return err
		}
	}
	// The guard takes the data away, so there must be none before there is a guard.
	if err := os.MkdirAll(c.o.data, 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	return c.startAll(ctx)
}

func (c *Cell) newKeeper(record string) (*keeper, error) {
	data := c.o.data
	switch {
	case c.o.Temporary != nil:
		data = c.o.Dir
	case c.o.Keep:
		data = ""
	}
	hold, err := c.ports.Files()
	defer func() {
		for _, file := range hold {
			_ = file.Close() // the guard has its own by then
		}
	}()
	if err != nil {
		return nil, err
	}
	k, err := newKeeper(c.o.Guard, record, data, filepath.Join(c.o.Dir, guardLog), hold, c.ended, c.lost)
	if err == nil && c.o.Temporary != nil {
		err = c.o.Temporary.handOver()
	}
	return k, err
}

// dataFolder is where the data of a cell lies. A process that is killed loses nothing that it has written, to memory or to a
// disk; and a disk that others share stands still now and then, which no scenario asked for.
func (o Options) dataFolder(unique string) string {
	if memory := memoryFolder(); o.InMemory && !o.Keep && memory != "" {
		return filepath.Join(memory, "stormglass-"+unique)
	}
	return filepath.Join(o.Dir, dataDir)
}

// guardLog is where a guard's own crash would be written.
const guardLog = "guard.log"

// makeFolders makes a cell's folders, but for that of its data. A cell begins from nothing: data of an earlier one would be
// judged as its own.
func (o Options) makeFolders() error {
	if old, err := os.ReadDir(o.data); err == nil && len(old) > 0 {
		return fmt.Errorf("make folder: %s holds data of an earlier cell; remove it, or choose another folder", o.data)
	}
	if err := os.MkdirAll(filepath.Join(o.Dir, logsDir), 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	return nil
}

// startAll starts every process and waits until all are ready and none is degraded; the first that fails ends the wait for
// the others.
func (c *Cell) startAll(ctx context.Context) error {
	begin := time.Now()
	ctx, cancel := context.WithTimeout(ctx, bootWithin)
	defer cancel()
	errs := make(chan error, len(c.procs))
	for _, p := range c.procs {
		go func() {
			err := p.boot(ctx)
			if err == nil {
				err = p.awaitWhole(ctx)
			}
			errs <- err
		}()
	}
	var first error
	for range c.procs {
		if err := <-errs; err != nil && first == nil {
			first = err
			cancel()
		}
	}
	if first == nil {
		c.o.Progress("%d processes are ready after %s", len(c.procs), time.Since(begin).Round(time.Millisecond))
	}
	return first
}

// System is the system that the cell runs.
func (c *Cell) System() *system.System { return c.sys }

// Public is the base URL of the public unit's first instance, or "" when no unit is public.
func (c *Cell) Public() string {
	for _, p := range c.procs {
		if port := p.plan.unit.Public; port != "" {
			return "http://" + p.plan.addrs[port]
		}
	}
	return ""
}

// Doors are the addresses of all instances of the public unit, as host:port.
func (c *Cell) Doors() []string {
	var doors []string
	for _, p := range c.procs {
		if port := p.plan.unit.Public; port != "" {
			doors = append(doors, p.plan.addrs[port])
		}
	}
	return doors
}

// Process finds one instance's process.
func (c *Cell) Process(instance string) (*Process, error) {
	var names []string
	for _, p := range c.procs {
		if p.plan.name == instance {
			return p, nil
		}
		names = append(names, p.plan.name)
	}
	return nil, fmt.Errorf("find process: %q is not an instance%s", instance, system.Hint(instance, names))
}

// Processes lists the processes that a name stands for: all instances of a unit, or one instance.
func (c *Cell) Processes(name string) ([]*Process, error) {
	var out []*Process
	for _, p := range c.procs {
		if p.plan.unit.Name == name || p.plan.name == name {
			out = append(out, p)
		}
	}
	if out == nil {
		return nil, fmt.Errorf("find process: %q is neither a unit nor an instance%s", name, system.Hint(name, c.sys.UnitNames()))
	}
	return out, nil
}

// Proxies lists the proxies of one link, "client -> server", where either side may name one instance.
func (c *Cell) Proxies(link string) ([]*Proxy, error) {
	if _, err := c.sys.Link(link); err != nil {
		return nil, err
	}
	var out []*Proxy
	for _, p := range c.proxies {
		if p.ends.on(link) {
			out = append(out, p)
		}
	}
	if out == nil && c.o.Direct {
		return nil, fmt.Errorf("find proxies: %s has none: in this cell its client asks its server directly", link)
	}
	if out == nil {
		return nil, fmt.Errorf("find proxies: %s: this cell has no such instance", strings.TrimSpace(link))
	}
	return out, nil
}

// Deaths tells of processes that ended though nobody asked: what a run shows after one is not to be believed.
func (c *Cell) Deaths() <-chan Death { return c.deaths }
