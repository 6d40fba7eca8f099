package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"stormglass/system/platform/boot"
)

// healthTimeout is how long a service may take to say that it is ready.
const healthTimeout = 2 * time.Second

// healthcheck asks the service whose ADMIN_ADDR this environment has: for containers, which have no curl.
func healthcheck(args []string, stdout, stderr io.Writer) int {
	addr := os.Getenv("ADMIN_ADDR")
	if len(args) > 0 || addr == "" {
		fmt.Fprintln(stderr, "usage: shop healthcheck\n\nADMIN_ADDR says where the service's internal port is.")
		return boot.ExitUsage
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		fmt.Fprintf(stderr, "shop healthcheck: ADMIN_ADDR must be host:port, not %q\n", addr)
		return boot.ExitUsage
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	client := &http.Client{Timeout: healthTimeout}
	resp, err := client.Get("http://" + net.JoinHostPort(host, port) + "/readyz")
	if err != nil {
		fmt.Fprintf(stderr, "shop healthcheck: %v\n", err)
		return boot.ExitError
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil || resp.StatusCode != http.StatusOK {
		fmt.Fprintf(stderr, "shop healthcheck: not ready (%d): %s\n", resp.StatusCode, body)
		return boot.ExitError
	}
	fmt.Fprintf(stdout, "%s", body)
	return boot.ExitOK
}
