// Package system reads the file that describes what there is to start and to break: the units (processes), the links
// between them, and the questions that its metrics answer. Nothing in the harness knows a system by any other way.
package system

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The kinds of unit, in the order in which a cell stops them: clients go before what they lean on.
const (
	Service = "service" // part of the product
	Company = "company" // a stand-in for somebody outside, with books of its own
	Backend = "backend" // a stand-in for a server that the product needs: broker, cache, databases
)

// Kinds lists the kinds of unit in stopping order.
func Kinds() []string { return []string{Service, Company, Backend} }

// System is one system as its file describes it.
type System struct {
	Name       string
	Programs   []string          // the binaries that its commands may name
	ServiceEnv map[string]string // settings of every unit whose kind is service
	Units      []Unit            // in file order
	Links      []Link            // in file order
	Moments    []Moment          // in file order
	Telemetry  map[string]string // short form → PromQL, with $placeholders
	Report     []Chart           // what a report draws of its metrics, in file order
	Path       string            // where it was read from
	Tier       string            // which of its tiers this is
	Check      []string          // program and arguments: says what the machine lacks for this tier; nil where there is nothing to ask

	tiers []*System // all of them, this one too; the embedded one first
}

// Unit is one kind of process, of which a cell runs one or more instances.
type Unit struct {
	Name    string
	Kind    string            // Service, Company or Backend
	Command []string          // program and arguments
	Ports   map[string]string // port name → the setting that tells the process its address
	Ready   string            // the port that answers GET /readyz
	Public  string            // the port that clients outside use; on one unit only
	Books   string            // the port that answers GET /books; companies only
	Env     map[string]string // its own settings
}

// Link is one arrow, client → server.
type Link struct {
	Client string
	Server string
	Via    string // the unit that answers for a server that is no unit itself, or ""
	Port   string // the port of the answering unit
	Env    string // the client's setting that takes the address
	Value  string // what that setting gets, with {addr} for all addresses and {first} for one of them; "" means "{addr}"
	Direct string // what it gets instead when nothing stands between client and server; "" means Value
}

// String is the link's name, such as "payment -> card-processor".
func (l Link) String() string { return l.Client + " -> " + l.Server }

// Target is the unit whose process answers on this link.
func (l Link) Target() string {
	if l.Via != "" {
		return l.Via
	}
	return l.Server
}

// Unit finds a unit by its name, or by the name of one of its instances, such as "order-2".
func (s *System) Unit(name string) (Unit, error) {
	for _, u := range s.Units {
		if names(name, u.Name) {
			return u, nil
		}
	}
	return Unit{}, fmt.Errorf("find unit: %q is not a unit of %s%s", name, s.Name, Hint(name, s.UnitNames()))
}

// Link finds a link by its name, "a -> b" or "a → b", where either side may name one instance ("order-2 -> product").
func (s *System) Link(name string) (Link, error) {
	client, server, err := SplitLink(name)
	if err != nil {
		return Link{}, err
	}
	for _, l := range s.Links {
		if names(client, l.Client) && names(server, l.Server) {
			return l, nil
		}
	}
	return Link{}, fmt.Errorf("find link: %q is not a link of %s%s", name, s.Name, s.linkHint(client, server))
}

// linkHint looks for the client first and then among its servers, because links are too many to list.
func (s *System) linkHint(client, server string) string {
	servers := map[string][]string{}
	for _, l := range s.Links {
		servers[l.Client] = append(servers[l.Client], l.Server)
	}
	near := Nearest(client, sortedKeys(servers))
	if near == "" {
		return "; links begin at " + strings.Join(sortedKeys(servers), ", ")
	}
	if other := Nearest(server, servers[near]); other != "" {
		return "; did you mean " + near + " -> " + other + "?"
	}
	return "; " + near + " has links to " + strings.Join(servers[near], ", ")
}

// UnitNames lists the units' names in file order.
func (s *System) UnitNames() []string {
	var out []string
	for _, u := range s.Units {
		out = append(out, u.Name)
	}
	return out
}

// LinkNames lists the links' names in file order.
func (s *System) LinkNames() []string {
	var out []string
	for _, l := range s.Links {
		out = append(out, l.String())
	}
	return out
}

// SplitLink takes a link's name apart.
func SplitLink(name string) (client, server string, err error) {
	client, server, ok := strings.Cut(strings.ReplaceAll(name, "→", "->"), "->")
	client, server = strings.TrimSpace(client), strings.TrimSpace(server)
	if !ok || client == "" || server == "" {
		return "", "", fmt.Errorf(`read link: %q is not of the form "client -> server"`, name)
	}
	return client, server, nil
}

// InstanceOf says whether an instance ("order-2") belongs to what a name stands for: a unit ("order") or that instance.
func InstanceOf(instance, name string) bool { return names(instance, name) }

// names says whether a name means this unit: its own name, or that name with an instance's number behind it.
func names(name, unit string) bool {
	if name == unit {
		return true
	}
	number, ok := strings.CutPrefix(name, unit+"-")
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}

// sortedKeys lists a map's keys in order, so that messages do not change from run to run.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
