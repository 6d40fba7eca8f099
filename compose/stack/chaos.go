package stack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	"stormglass/chaos/system"
)

// proxy is one entry of the file that Toxiproxy reads at its start.
type proxy struct {
	Name     string `json:"name"`
	Listen   string `json:"listen"`
	Upstream string `json:"upstream"`
	Enabled  bool   `json:"enabled"`
}

// chaosLayer is the layer that puts a proxy on every link.
var chaosLayer = template.Must(template.New("chaos.yaml").Parse(`# Toxiproxy on every link of the shop: each client gets its proxy's address in the place of its neighbour's.
#
# Generated from system/shop.yaml and compose/shop.yaml by ` + "`go run ./compose/cmd/stack generate`" + `; a test holds it to them.
# Toxiproxy listens for each link on the network of that link alone, so that nobody reaches payment or the card processor
# who did not before. Its API, on a network of its own, makes the faults: http://127.0.0.1:8474/proxies.
services:
  toxiproxy:
    image: "${TOXIPROXY_IMAGE}"
    command: [-host, toxiproxy-api, -port, "8474", -config, /toxiproxy.json, -proxy-metrics, -runtime-metrics]
    user: "65532:65532"
    restart: unless-stopped
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    mem_limit: 64m
    ports: ["127.0.0.1:${TOXIPROXY_PORT:-8474}:8474"]
    volumes: ["./toxiproxy.json:/toxiproxy.json:ro"]
    networks:
      desk: {aliases: [toxiproxy-api]}
{{- range .Networks}}
      {{.}}: {aliases: [toxiproxy-{{.}}]}
{{- end}}
    healthcheck:
      test: [CMD, /toxiproxy-cli, -h, "http://toxiproxy-api:8474", list]
      interval: 2s
      timeout: 3s
      retries: 30
{{range .Clients}}
  {{.Name}}:
    environment:
{{- range .Settings}}
      {{.}}
{{- end}}
{{end}}
networks:
  desk: {}

secrets:
{{- range .Secrets}}
  {{.}}: {file: ./.secrets/proxied/{{.}}}
{{- end}}
`))

// Chaos makes the chaos layer and Toxiproxy's file of proxies.
func (s *Stack) Chaos(shop *system.System) (layer, proxies []byte, err error) {
	links, err := s.Links(shop)
	if err != nil {
		return nil, nil, err
	}
	type client struct {
		Name     string
		Settings []string
	}
	var clients []client
	var secrets []string
	var list []proxy
	networks := map[string]bool{}
	for _, l := range links {
		networks[l.Network] = true
		list = append(list, proxy{l.Proxy, l.Listen, l.Direct(), true})
		if l.Secret != "" {
			secrets = append(secrets, l.Secret)
			continue
		}
		at := slices.IndexFunc(clients, func(c client) bool { return c.Name == l.Client })
		if at < 0 {
			at, clients = len(clients), append(clients, client{Name: l.Client})
		}
		clients[at].Settings = append(clients[at].Settings, fmt.Sprintf("%s: %s", l.Env, l.Setting(l.Listen)))
	}
	var out bytes.Buffer
	err = chaosLayer.Execute(&out, map[string]any{"Networks": slices.Sorted(maps.Keys(networks)), "Clients": clients, "Secrets": secrets})
	if err != nil {
		return nil, nil, fmt.Errorf("write chaos layer: %w", err)
	}
	proxies, err = json.MarshalIndent(list, "", "  ")
	return []byte(strings.ReplaceAll(out.String(), "\n\n\n", "\n\n")), append(proxies, '\n'), err
}
