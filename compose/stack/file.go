// Package stack knows the container stack: its layers as files, the topology in them, its secrets, and how it is brought up
// and taken down with Docker. What there is to run it takes from the files; what belongs together, from system/shop.yaml.
package stack

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"stormglass/chaos/system"
)

// Project is the name under which Docker knows the stack's containers, networks and volumes.
const Project = "stormglass"

// Layers lists the layers that `up` starts, from the lowest to the highest. Load is a further one, for a run of k6.
func Layers() []string { return []string{"shop", "observability", "grafana", "chaos"} }

// LayersOfStandIns are those whose images have stand-ins.
func LayersOfStandIns() []string { return []string{"shop", "observability", "chaos"} }

// Stack is what a number of layers say together.
type Stack struct {
	Dir      string   // the folder of the layers' files
	Files    []string // in order of precedence, lowest first
	Services map[string]*Service
	Networks map[string]Network
	Secrets  map[string]Secret
	Volumes  map[string]any
	Images   map[string]string // versions.env
}

// Service is a container as the layers describe it, as far as anybody asks.
type Service struct {
	Image       string
	User        string
	Command     any
	Networks    Attachments
	Ports       []string
	Environment map[string]string
	Secrets     Grants
	Volumes     []string
	MemLimit    string   `yaml:"mem_limit"`
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	Restart     string
	Profiles    []string
	Build       any
	Healthcheck any
}

// Network is a network of the stack.
type Network struct{ Internal bool }

// Secret is a file that a container may see.
type Secret struct{ File string }

// Load reads layers by their names from a folder and lays them over each other, as Docker does.
func Load(dir string, layers ...string) (*Stack, error) {
	images, err := readEnv(filepath.Join(dir, "versions.env"))
	if err != nil {
		return nil, err
	}
	s := &Stack{Dir: dir, Services: map[string]*Service{}, Networks: map[string]Network{}, Secrets: map[string]Secret{}, Volumes: map[string]any{}, Images: images}
	for _, layer := range layers {
		path := filepath.Join(dir, layer+".yaml")
		if err := s.lay(path); err != nil {
			return nil, err
		}
		s.Files = append(s.Files, path)
	}
	return s, nil
}

// lay reads one file and lays it over what is there.
func (s *Stack) lay(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read layer: %w", err)
	}
	var layer struct {
		Services map[string]*Service
		Networks map[string]Network
		Secrets  map[string]Secret
		Volumes  map[string]any
	}
	root, err := system.Document(path, []byte(s.expand(string(text))), "services")
	if err != nil {
		return fmt.Errorf("read layer: %w", err)
	}
	if err := yaml.NodeToValue(root, &layer); err != nil {
		return fmt.Errorf("read layer %s: %w", path, err)
	}
	for name, over := range layer.Services {
		if below := s.Services[name]; below != nil {
			below.merge(over)
			continue
		}
		s.Services[name] = over
	}
	lay(s.Networks, layer.Networks)
	lay(s.Secrets, layer.Secrets)
	lay(s.Volumes, layer.Volumes)
	return nil
}

func lay[V any](below, above map[string]V) {
	for name, v := range above {
		below[name] = v
	}
}

// merge lays another layer's word on a service over this one: single values replace, lists and tables grow.
func (s *Service) merge(over *Service) {
	for _, field := range []struct{ below, above *string }{
		{&s.Image, &over.Image}, {&s.User, &over.User}, {&s.MemLimit, &over.MemLimit}, {&s.Restart, &over.Restart},
	} {
		if *field.above != "" {
			*field.below = *field.above
		}
	}
	if s.Environment == nil {
		s.Environment = map[string]string{}
	}
	lay(s.Environment, over.Environment)
	if s.Networks == nil {
		s.Networks = Attachments{}
	}
	lay(s.Networks, over.Networks)
	s.Ports = append(s.Ports, over.Ports...)
	s.Secrets = append(s.Secrets, over.Secrets...)
	s.Volumes = append(s.Volumes, over.Volumes...)
}

// Attachments are the networks that a service is on, with the extra names that it has there. A list of networks means
// that it has none.
type Attachments map[string][]string

// UnmarshalYAML reads either form.
func (a *Attachments) UnmarshalYAML(text []byte) error {
	*a = Attachments{}
	var names []string
	if err := yaml.Unmarshal(text, &names); err == nil {
		for _, name := range names {
			(*a)[name] = nil
		}
		return nil
	}
	var table map[string]struct{ Aliases []string }
	if err := yaml.Unmarshal(text, &table); err != nil {
		return err
	}
	for name, entry := range table {
		(*a)[name] = entry.Aliases
	}
	return nil
}

// Grants are the names of the secrets that a service may see.
type Grants []string

// UnmarshalYAML reads a list of names, or of tables with a source.
func (g *Grants) UnmarshalYAML(text []byte) error {
	var entries []any
	if err := yaml.Unmarshal(text, &entries); err != nil {
		return err
	}
	for _, entry := range entries {
		switch e := entry.(type) {
		case string:
			*g = append(*g, e)
		case map[string]any:
			*g = append(*g, fmt.Sprint(e["source"]))
		}
	}
	return nil
}

// Names lists the services in order.
func (s *Stack) Names() []string {
	var names []string
	for name := range s.Services {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// settingName is what a setting can be called.
var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// readEnv reads lines of NAME=value.
func readEnv(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read versions: %w", err)
	}
	values := map[string]string{}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || !settingName.MatchString(name) {
			return nil, fmt.Errorf("read versions: %s:%d: expected a comment or NAME=value, got %q", path, number, line)
		}
		values[name] = value
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("read versions: %s is empty, or has nothing but comments: expected lines such as REDIS_IMAGE=redis:7", path)
	}
	return values, nil
}

// expand puts the environment, or else the versions, in the place of ${NAME} and ${NAME:-default}; $$ is one dollar.
func (s *Stack) expand(text string) string {
	return os.Expand(text, func(word string) string {
		name, otherwise, _ := strings.Cut(word, ":-")
		switch {
		case name == "$":
			return "$"
		case os.Getenv(name) != "":
			return os.Getenv(name)
		case s.Images[name] != "":
			return s.Images[name]
		}
		return otherwise
	})
}
