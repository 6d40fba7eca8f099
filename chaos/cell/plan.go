package cell

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"stormglass/chaos/system"
	"stormglass/internal/ports"
)

// ErrPortInUse is what Start gives when an address that Options.Ports asks for is taken.
var ErrPortInUse = errors.New("port in use")

// ErrNoProgram is what Start gives when a program of the system is not in Options.Bin.
var ErrNoProgram = errors.New("program is missing")

// plan is a cell on paper: every process with its addresses and settings, every proxy with its two ends.
type plan struct {
	instances []planned
	proxies   []pair
}

// planned is one process to be.
type planned struct {
	name  string
	unit  system.Unit
	addrs map[string]string // port name → address
	argv  []string
	env   []string
}

// pair is one instance of a link's client and one of its server.
type pair struct {
	link     system.Link
	client   string // instance
	server   string // instance, by the link's own word for it: inventory-db-1 and not databases-1
	listen   string // what the client is told; the server's own address when there is no proxy
	upstream string // the server's own address
	direct   bool   // there is no proxy
}

// name is such as "order-1 -> product-2".
func (p pair) name() string { return p.client + " -> " + p.server }

// on says whether the pair belongs to a link, "client -> server", each a unit or one instance.
func (p pair) on(link string) bool {
	client, server, err := system.SplitLink(link)
	return err == nil && system.InstanceOf(p.client, client) && system.InstanceOf(p.server, server)
}

// newPlan gives every process and proxy an address, and every process its settings.
func newPlan(sys *system.System, o Options, take func() (string, error)) (*plan, error) {
	if err := check(sys, o); err != nil {
		return nil, err
	}
	p := &plan{}
	for _, u := range sys.Units {
		for i := range count(o, u.Name) {
			addrs, err := addresses(u, o, take)
			if err != nil {
				return nil, err
			}
			argv := slices.Clone(u.Command)
			argv[0] = filepath.Join(o.Bin, argv[0])
			p.instances = append(p.instances, planned{name: instanceName(u.Name, i), unit: u, addrs: addrs, argv: argv})
		}
	}
	for _, l := range sys.Links {
		if err := p.pairUp(l, o, take); err != nil {
			return nil, err
		}
	}
	for i := range p.instances {
		p.instances[i].env = p.environment(&p.instances[i], sys, o)
	}
	return p, nil
}

// check holds the options against the system.
func check(sys *system.System, o Options) error {
	for _, name := range slices.Sorted(maps.Keys(o.Env)) {
		if !slices.Contains(sys.UnitNames(), name) {
			return fmt.Errorf("read settings: %q is not a unit of %s%s", name, sys.Name, system.Hint(name, sys.UnitNames()))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Instances)) {
		if !slices.Contains(sys.UnitNames(), name) {
			return fmt.Errorf("read instances: %q is not a unit of %s%s", name, sys.Name, system.Hint(name, sys.UnitNames()))
		}
		if o.Instances[name] < 1 {
			return fmt.Errorf("read instances: %s: %d; there must be at least 1", name, o.Instances[name])
		}
	}
	for _, port := range slices.Sorted(maps.Keys(o.Ports)) {
		unit, name, _ := strings.Cut(port, ".")
		if u, err := sys.Unit(unit); err != nil || u.Ports[name] == "" {
			return fmt.Errorf("read ports: %q is not of the form unit.port, or %s has no such port", port, sys.Name)
		}
		if count(o, unit) > 1 {
			return fmt.Errorf("read ports: %s cannot be fixed: there are %d instances of %s", port, count(o, unit), unit)
		}
	}
	for _, program := range sys.Programs {
		if _, err := os.Stat(filepath.Join(o.Bin, program)); err != nil {
			return fmt.Errorf("find program %s in %s: %w", program, o.Bin, ErrNoProgram)
		}
	}
	return nil
}

func count(o Options, unit string) int { return max(1, o.Instances[unit]) }

func instanceName(unit string, i int) string { return unit + "-" + strconv.Itoa(i+1) }

// addresses gives each port of one process an address.
func addresses(u system.Unit, o Options, take func() (string, error)) (map[string]string, error) {
	out := map[string]string{}
	for _, port := range slices.Sorted(maps.Keys(u.Ports)) {
		if fixed := o.Ports[u.Name+"."+port]; fixed != "" {
			if err := ports.Probe(fixed); err != nil {
				return nil, fmt.Errorf("listen for %s.%s on %s: %w (%v)", u.Name, port, fixed, ErrPortInUse, err)
			}
			out[port] = fixed
			continue
		}
		addr, err := take()
		if err != nil {
			return nil, err
		}
		out[port] = addr
	}
	return out, nil
}

// pairUp puts a proxy between each instance of a link's client and each of its server.
func (p *plan) pairUp(l system.Link, o Options, take func() (string, error)) error {
	for i := range count(o, l.Client) {
		for j := range count(o, l.Target()) {
			upstream := p.find(instanceName(l.Target(), j)).addrs[l.Port]
			end := pair{
				link: l, client: instanceName(l.Client, i), server: instanceName(l.Server, j),
				listen: upstream, upstream: upstream,
			}
			end.direct = o.Direct && !slices.ContainsFunc(o.Proxied, end.on)
			if end.direct && l.Direct != "" {
				end.link.Value = l.Direct
			}
			if !end.direct {
				addr, err := take()
				if err != nil {
					return err
				}
				end.listen = addr
			}
			p.proxies = append(p.proxies, end)
		}
	}
	return nil
}

func (p *plan) find(instance string) *planned {
	i := slices.IndexFunc(p.instances, func(x planned) bool { return x.name == instance })
	return &p.instances[i]
}
