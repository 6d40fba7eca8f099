package servers

import (
	"os/exec"
	"syscall"
)

// RedisOptions say how a Redis server keeps what it has.
type RedisOptions struct {
	// Durable has every change on disk before it is answered. Without it a server that ends has lost all.
	Durable bool
}

// Redis finds Redis, or gives a *MissingError.
func Redis(o RedisOptions) (*Program, error) {
	path := found("redis-server")
	if path == "" {
		return nil, &MissingError{Server: "Redis", Program: "redis-server", Debian: "redis-server"}
	}
	return &Program{
		Name: "Redis", Ports: 1, Data: "appendonlydir", Stop: syscall.SIGTERM, Abort: syscall.SIGKILL,
		Command: func(folder string, ports []string) *exec.Cmd {
			args := []string{"--bind", "127.0.0.1", "--port", ports[0], "--save", "", "--dir", folder}
			if o.Durable {
				args = append(args, "--appendonly", "yes", "--appendfsync", "always")
			}
			return exec.Command(path, args...)
		},
		Ready: RedisReady,
	}, nil
}

// RedisReady says whether a Redis server answers at host:port.
func RedisReady(address string) error { return Answers(address, []byte("PING\r\n"), "+PONG") }
