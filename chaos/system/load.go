package system

import (
	"fmt"
	"os"

	"github.com/goccy/go-yaml/ast"
)

// Load reads a system from its file. A mistake in it is an *Error: the place, what was expected, the nearest valid word.
func Load(path string) (*System, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read system: %w", err)
	}
	return Parse(path, data)
}

// Parse reads a system from the contents of a file; the path serves the messages.
func Parse(path string, data []byte) (*System, error) {
	r := &reader{file: path}
	root, err := Document(path, data, "name, programs, units and links")
	if err != nil {
		return nil, err
	}
	s := r.system(path, root)
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
}

// system reads the whole file, and each of its tiers as a system of its own.
func (r *reader) system(path string, n ast.Node) *System {
	s := &System{Path: path, Tier: Embedded, ServiceEnv: map[string]string{}, Telemetry: map[string]string{}}
	top := r.known(n, "the system", "name", "programs", "service_env", "units", "links", "moments", "tiers", "telemetry", "report")
	for _, key := range []string{"name", "programs", "units"} {
		if _, ok := top[key]; !ok {
			r.fail(n.GetToken(), "the system has no %s", key)
			return s
		}
	}
	s.Name = r.text(top["name"].value, "name")
	s.Programs = r.texts(top["programs"].value, "programs")
	if f, ok := top["service_env"]; ok {
		s.ServiceEnv = r.settings(f.value, "service_env", nil)
	}
	if f, ok := top["telemetry"]; ok {
		s.Telemetry = r.table(f.value, "telemetry")
	}
	if f, ok := top["report"]; ok {
		for _, entry := range r.list(f.value, "report") {
			s.Report = append(s.Report, r.chart(entry))
		}
	}
	s.tiers = []*System{s}
	r.parts(top, tier{}, s)
	if f, ok := top["tiers"]; ok {
		for _, entry := range r.mapping(f.value, "tiers") {
			s.tiers = append(s.tiers, r.tier(entry, top, s))
		}
	}
	for _, other := range s.tiers {
		other.tiers = s.tiers
	}
	return s
}

// parts reads what tiers differ in. Links come after units, because they speak of them, and moments speak of links.
func (r *reader) parts(top map[string]field, over tier, s *System) {
	for _, f := range r.mapping(top["units"].value, "units") {
		s.Units = append(s.Units, r.unit(f, over.units[f.name], s))
	}
	if f, ok := top["links"]; ok {
		for _, entry := range r.list(f.value, "links") {
			s.Links = append(s.Links, r.link(entry, over.links, s))
		}
	}
	if f, ok := top["moments"]; ok {
		for _, entry := range r.mapping(f.value, "moments") {
			s.Moments = append(s.Moments, r.moment(entry, over, s))
		}
	}
}
