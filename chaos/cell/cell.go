// Package cell runs one isolated copy of a system: its processes under a guard, its ports, its data folder, and a
// proxy on every link. Cells share nothing, so they run side by side.
package cell

import (
	"context"
	"errors"
	"time"

	"stormglass/chaos/system"
)

// Options says what a cell is made of.
type Options struct {
	Name      string                       // for folders and messages
	Dir       string                       // the cell's own folder: Dir/data, and Dir/logs/<instance>.log
	Keep      bool                         // leave Dir/data behind
	Bin       string                       // the folder of the programs
	Env       map[string]map[string]string // unit → settings that override the file's
	Instances map[string]int               // unit → how many of it, 1 where nothing is said
	Direct    bool                         // no proxies: a link's address is its server's own
	Ports     map[string]string            // "unit.port" → host:port where it must not be any free one
	OTLP      string                       // host:port where traces go; settings that would be empty are left out
	Jaeger    string                       // URL of the legacy trace endpoint
	Seed      uint64
	Guard     []string // the command that runs Guard; by default this program with the argument "guard"
	Progress  func(format string, args ...any)
}

// Cell is a running copy of a system.
type Cell struct{}

// State is what an instance is doing.
type State string

// The states of an instance.
const (
	Starting State = "starting"
	Ready    State = "ready"
	Paused   State = "paused"
	Dead     State = "dead"
)

// Instance is one process of a cell.
type Instance struct {
	Name  string // such as "order-1"
	Unit  string
	Kind  string
	Pid   int               // 0 while it is dead
	Addrs map[string]string // port name → its own address, past every proxy
	State State
}

// Death is a process that ended though nobody asked for it.
type Death struct {
	Instance string
	Exit     string // such as "exit status 2" or "signal: killed"
	LogTail  string
	At       time.Time
}

// ErrPortInUse is what Start gives when a port that Options.Ports asks for is taken.
var ErrPortInUse = errors.New("port in use")

var errNotBuilt = errors.New("not built yet")

// Start runs a system and returns when every unit is ready.
func Start(ctx context.Context, sys *system.System, o Options) (*Cell, error) {
	return nil, errNotBuilt
}

// Stop ends every process, closes the proxies and gives the ports back.
func (c *Cell) Stop(ctx context.Context) error { return errNotBuilt }

// Public is the base URL of the public unit.
func (c *Cell) Public() string { return "" }

// Instances lists the processes in file order.
func (c *Cell) Instances() []Instance { return nil }

// Proxies lists the proxies of one link.
func (c *Cell) Proxies(link string) ([]*Proxy, error) { return nil, errNotBuilt }

// Process finds one instance's process.
func (c *Cell) Process(instance string) (*Process, error) { return nil, errNotBuilt }

// PSS is each instance's share of memory in bytes.
func (c *Cell) PSS() (map[string]int64, error) { return nil, errNotBuilt }

// CPU is the processor time that each instance has used so far.
func (c *Cell) CPU() (map[string]time.Duration, error) { return nil, errNotBuilt }

// Deaths tells of processes that ended though nobody asked.
func (c *Cell) Deaths() <-chan Death { return nil }

// System is the system that the cell runs.
func (c *Cell) System() *system.System { return nil }

// Seed is what the cell's randomness starts from.
func (c *Cell) Seed() uint64 { return 0 }
