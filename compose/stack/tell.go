package stack

import (
	"fmt"
	"io"
)

// place is somewhere to look.
type place struct{ service, path, what string }

// places lists where people look first, in order.
func places() []place {
	return []place{
		{"gateway", "/docs", "the shop: its API, to read and to try"},
		{"grafana", "/dashboards", "dashboards: start with Shop, then Links"},
		{"jaeger", "/search?service=gateway", "traces: the order that was just placed is one"},
		{"prometheus", "/targets", "metrics, and the alert rules at /alerts"},
		{"alertmanager", "", "alerts that fire"},
		{"mailbox", "/messages?to=…", "e-mails to customers"},
		{"toxiproxy", "/proxies", "one proxy for each link, to break"},
	}
}

// tell prints the way around.
func (s *Stack) tell(out io.Writer) {
	for _, p := range places() {
		if addr := s.published(p.service); addr != "" {
			fmt.Fprintf(out, "  %-46s %s\n", "http://"+addr+p.path, p.what)
		}
	}
	if api := s.published("toxiproxy"); api != "" {
		fmt.Fprintf(out, `
Cut the card processor off, place orders, see the breaker open and the orders wait, and heal it:
  curl -X POST http://%s/proxies/payment-to-card-processor -d '{"enabled": false}'
  curl -X POST http://%s/proxies/payment-to-card-processor -d '{"enabled": true}'
`, api, api)
	}
	fmt.Fprintln(out, "\n`make compose-down` removes all of it.")
}
