package stack

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"stormglass/chaos/system"
)

// firstProxyPort is the port of the first link's proxy; the others follow in the order of system/shop.yaml.
const firstProxyPort = 20001

// common is the network of everything that has no reason to be apart.
const common = "shop"

// Link is one arrow of the shop as the container stack has it.
type Link struct {
	system.Link
	Network string // the one that client and server share
	Host    string // where the server listens on it, by its name there
	Port    int
	Proxy   string // the proxy's name in Toxiproxy
	Listen  string // the proxy's address, on the same network
	Secret  string // the file with its URL, when that holds a password; or ""
}

// Links finds every link of the shop in the stack.
func (s *Stack) Links(shop *system.System) ([]Link, error) {
	var links []Link
	for i, arrow := range shop.Links {
		port, secret := portOf(arrow.Port)
		l := Link{Link: arrow, Host: s.host(arrow.Server), Port: port, Proxy: arrow.Client + "-to-" + arrow.Server}
		if secret {
			l.Secret = arrow.Client + "-" + strings.ToLower(strings.ReplaceAll(arrow.Env, "_", "-"))
		}
		shared := s.shared(arrow.Client, l.Host)
		if len(shared) != 1 {
			return nil, fmt.Errorf("find link %s: %s and %s share the networks %v, want exactly one", arrow, arrow.Client, l.Host, shared)
		}
		l.Network = shared[0]
		l.Listen = fmt.Sprintf("toxiproxy-%s:%d", l.Network, firstProxyPort+i)
		links = append(links, l)
	}
	return links, nil
}

// Direct is the server's address.
func (l Link) Direct() string { return fmt.Sprintf("%s:%d", l.Host, l.Port) }

// Setting is what the client's setting gets for an address.
func (l Link) Setting(addr string) string {
	value := l.Value
	if value == "" {
		value = "{addr}"
	}
	return strings.NewReplacer("{addr}", addr, "{first}", addr).Replace(value)
}

// portOf gives the number of a port in containers by its name in shop.yaml, and whether who comes there needs a password.
func portOf(name string) (number int, password bool) {
	switch name {
	case "grpc":
		return 9090, false
	case "smtp":
		return 2525, false
	case "nats": // the broker's, which speaks AMQP here
		return 5672, true
	case "redis":
		return 6379, true
	case "mongo":
		return 27017, true
	case "wire": // the databases'
		return 5432, true
	}
	return 8080, false
}

// host is the name by which a server is called: that of the address where alone it listens, if it has one.
func (s *Stack) host(server string) string {
	if door := server + "-door"; s.find(door) != "" {
		return door
	}
	return server
}

// find gives the service that has a name on some network.
func (s *Stack) find(host string) string {
	for name, service := range s.Services {
		if name == host {
			return name
		}
		for _, aliases := range service.Networks {
			if slices.Contains(aliases, host) {
				return name
			}
		}
	}
	return ""
}

// shared lists the networks on which a client finds a host.
func (s *Stack) shared(client, host string) []string {
	from := s.Services[client]
	if from == nil {
		return nil
	}
	var networks []string
	for network := range from.Networks {
		if slices.Contains(s.listeners(host), network) {
			networks = append(networks, network)
		}
	}
	if slices.Contains(networks, common) { // whoever meets on several goes by the common one
		return []string{common}
	}
	slices.Sort(networks)
	return networks
}

// listeners lists the networks on which a host has that name.
func (s *Stack) listeners(host string) []string {
	if service := s.Services[host]; service != nil {
		return slices.Sorted(maps.Keys(service.Networks))
	}
	var networks []string
	if service := s.Services[s.find(host)]; service != nil {
		for network, aliases := range service.Networks {
			if slices.Contains(aliases, host) {
				networks = append(networks, network)
			}
		}
	}
	return networks
}
