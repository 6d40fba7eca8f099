package boot

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// healthTimeout is how long a program may take to say that it is ready.
const healthTimeout = 2 * time.Second

// Healthcheck is the command `NAME healthcheck`, for containers, which have no curl: it asks the program whose address the
// named setting of this environment has whether it is ready, and gives the exit code.
func Healthcheck(name, setting string, args []string, stdout, stderr io.Writer) int {
	addr := os.Getenv(setting)
	if len(args) > 0 || addr == "" {
		fmt.Fprintf(stderr, "usage: %s healthcheck\n\n%s says where the program answers /readyz.\n", name, setting)
		return ExitUsage
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		fmt.Fprintf(stderr, "%s healthcheck: %s must be host:port, not %q\n", name, setting, addr)
		return ExitUsage
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	client := &http.Client{Timeout: healthTimeout}
	resp, err := client.Get("http://" + net.JoinHostPort(host, port) + "/readyz")
	if err != nil {
		fmt.Fprintf(stderr, "%s healthcheck: %v\n", name, err)
		return ExitError
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil || resp.StatusCode != http.StatusOK {
		fmt.Fprintf(stderr, "%s healthcheck: not ready (%d): %s\n", name, resp.StatusCode, body)
		return ExitError
	}
	fmt.Fprintf(stdout, "%s", body)
	return ExitOK
}
