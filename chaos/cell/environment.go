package cell

import (
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"stormglass/chaos/system"
)

// inherited are the variables that a process gets from the harness: what the machine and the Go runtime need, and
// nothing that could be a setting of the system by accident.
func inherited() []string {
	return []string{
		"PATH", "HOME", "USER", "TMPDIR", "TZ", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR",
		"GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GODEBUG", "GOTRACEBACK", "GORACE", "GOCOVERDIR",
	}
}

// environment is the whole environment of one process. What comes later wins: the file's settings for every service,
// the unit's own, its ports, its links, the overrides.
func (p *plan) environment(in *planned, sys *system.System, o Options) []string {
	settings := map[string]string{}
	if in.unit.Kind == system.Service {
		maps.Copy(settings, sys.ServiceEnv)
	}
	maps.Copy(settings, in.unit.Env)
	for port, key := range in.unit.Ports {
		settings[key] = in.addrs[port]
	}
	maps.Copy(settings, p.linkSettings(in.name))
	maps.Copy(settings, o.Env[in.unit.Name])

	var env []string
	for _, key := range inherited() {
		if value, ok := os.LookupEnv(key); ok {
			env = append(env, key+"="+value)
		}
	}
	words := p.placeholders(in, o)
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		if value, ok := expand(settings[key], words); ok {
			env = append(env, key+"="+value)
		}
	}
	return env
}

// linkSettings are the settings that tell one process where its neighbours are.
func (p *plan) linkSettings(instance string) map[string]string {
	addrs := map[string][]string{}
	values := map[string]string{}
	for _, end := range p.proxies {
		if end.client == instance {
			addrs[end.link.Env] = append(addrs[end.link.Env], end.listen)
			values[end.link.Env] = strings.NewReplacer("{client}", end.link.Client, "{server}", end.link.Server).Replace(end.link.Value)
		}
	}
	out := map[string]string{}
	for key, list := range addrs {
		out[key] = strings.Join(list, ",")
		if values[key] != "" {
			out[key] = strings.NewReplacer("{addr}", out[key], "{first}", list[0]).Replace(values[key])
		}
	}
	return out
}

// placeholders are the words that values may hold, for one process.
func (p *plan) placeholders(in *planned, o Options) map[string]string {
	words := map[string]string{
		"{data}": o.data, "{instance}": in.name, "{otlp}": o.OTLP, "{jaeger}": o.Jaeger,
	}
	for port, addr := range in.addrs {
		words["{port."+port+"}"] = addr
	}
	return words
}

// expand fills the placeholders of a value in, in one pass: what a folder's name happens to hold is never taken for a
// placeholder. A value that needs one that is empty, such as the address of a trace collector that is not there, is no setting
// at all. In a URL the data folder is escaped, whose name may hold any character; addresses and instances hold none that a URL
// reserves.
func expand(value string, words map[string]string) (string, bool) {
	var pairs []string
	for word, meaning := range words {
		if meaning == "" && strings.Contains(value, word) {
			return "", false
		}
		if word == "{data}" && strings.Contains(value, "://") {
			meaning = escapePath(meaning)
		}
		pairs = append(pairs, word, meaning)
	}
	return strings.NewReplacer(pairs...).Replace(value), true
}

// escapePath escapes all of a file's path but its slashes, so that it can stand in the path of a URL and in its query.
func escapePath(path string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(path))
}
