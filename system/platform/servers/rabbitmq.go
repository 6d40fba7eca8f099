package servers

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/uuid"
)

// RabbitOptions say what a RabbitMQ server has from its start.
type RabbitOptions struct {
	// User may do everything, with this password.
	User, Password string
	// VirtualHosts are its parts. Each costs a start some 25 ms.
	VirtualHosts []string
}

// RabbitMQ finds RabbitMQ, or gives a *MissingError. The server has an epmd of its own beside it: the usual one would be
// shared, and stay. What runs is the script below the one for administrators, which insists on its own user.
func RabbitMQ(o RabbitOptions) (*Program, error) {
	server, err := filepath.EvalSymlinks("/usr/lib/rabbitmq/bin/rabbitmq-server")
	if err != nil {
		server = found("rabbitmq-server")
	}
	epmd := found("epmd")
	switch {
	case server == "":
		return nil, &MissingError{Server: "RabbitMQ", Program: "rabbitmq-server", Debian: "rabbitmq-server"}
	case epmd == "":
		return nil, &MissingError{Server: "RabbitMQ", Program: "epmd", Debian: "rabbitmq-server"}
	}
	return &Program{
		Name: "RabbitMQ", Ports: 3, Data: "mnesia", Stop: syscall.SIGTERM, Abort: syscall.SIGKILL,
		Prepare: o.prepare,
		Command: func(folder string, ports []string) *exec.Cmd {
			c := exec.Command("sh", "-c", rabbitScript, epmd, server)
			c.Env = append(os.Environ(), rabbitEnvironment(folder, ports)...)
			return c
		},
		Ready: rabbitReady,
	}, nil
}

// rabbitScript runs epmd for as long as the server runs, and passes a request to stop on.
const rabbitScript = `
"$0" -port "$ERL_EPMD_PORT" -address 127.0.0.1 & names=$!
"$1" & server=$!
trap 'kill -TERM $server' TERM
wait $server || wait $server
end=$?
kill $names
exit $end
`

// prepare writes the server's files. Its monitor of free disk space pastes the folder's path between quotation marks into a
// shell's command, and while that fails the server neither starts nor ends.
func (o RabbitOptions) prepare(folder string, as Account) error {
	if i := strings.IndexAny(folder, `'"`); i >= 0 {
		return fmt.Errorf("RabbitMQ cannot work in a folder whose path holds the character %c: choose another folder, or set TMPDIR to one", folder[i])
	}
	var failed error
	for name, text := range map[string]string{
		"rabbitmq.conf":    "log.console.level = warning\n",
		"advanced.config":  "[{rabbit, [{load_definitions, " + erlangString(filepath.Join(folder, "definitions.json")) + "}]}].\n",
		"definitions.json": o.Definitions(),
		"enabled_plugins":  "[].\n",
	} {
		failed = errors.Join(failed, as.write(filepath.Join(folder, name), text))
	}
	return failed
}

// erlangString writes a text as a string literal of Erlang, which advanced.config is written in. A value in rabbitmq.conf cannot
// be quoted: it ends at the first #.
func erlangString(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func rabbitEnvironment(folder string, ports []string) []string {
	return []string{
		"HOME=" + folder, // for the cookie of its own cluster
		"RABBITMQ_NODENAME=rabbit@localhost", "RABBITMQ_CONF_ENV_FILE=/dev/null",
		"RABBITMQ_CONFIG_FILE=" + filepath.Join(folder, "rabbitmq.conf"), "RABBITMQ_ADVANCED_CONFIG_FILE=" + filepath.Join(folder, "advanced.config"),
		"RABBITMQ_ENABLED_PLUGINS_FILE=" + filepath.Join(folder, "enabled_plugins"),
		"RABBITMQ_MNESIA_BASE=" + filepath.Join(folder, "mnesia"), "RABBITMQ_LOG_BASE=" + filepath.Join(folder, "logs"), "RABBITMQ_LOGS=-",
		"RABBITMQ_NODE_IP_ADDRESS=127.0.0.1", "RABBITMQ_NODE_PORT=" + ports[0],
		"RABBITMQ_DIST_PORT=" + ports[1], "ERL_EPMD_PORT=" + ports[2], "ERL_EPMD_ADDRESS=127.0.0.1", "ERL_CRASH_DUMP_SECONDS=0",
		"RUNNING_UNDER_SYSTEMD=yes", // the script becomes the server, and leaves no shell between it and its signals
		// No busy waiting: it shares few cores.
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
	}
}

// Definitions describes the virtual hosts and the user in the form that RabbitMQ loads when it starts.
func (o RabbitOptions) Definitions() string {
	type object = map[string]string
	salt := []byte(uuid.NewString()[:4])
	hash := sha256.Sum256(append(salt, o.Password...))
	var hosts, permissions []object
	for _, name := range o.VirtualHosts {
		hosts = append(hosts, object{"name": name})
		permissions = append(permissions, object{"user": o.User, "vhost": name, "configure": ".*", "write": ".*", "read": ".*"})
	}
	text, err := json.Marshal(map[string][]object{
		"users": {{
			"name": o.User, "tags": "administrator",
			"password_hash": base64.StdEncoding.EncodeToString(append(salt, hash[:]...)), "hashing_algorithm": "rabbit_password_hashing_sha256",
		}},
		"vhosts": hosts, "permissions": permissions,
	})
	if err != nil {
		panic(fmt.Sprintf("encode strings: %v", err)) // strings always encode
	}
	return string(text)
}

// rabbitReady says hello in AMQP 0-9-1; the answer is a frame of type 1, a method. The port opens at the end of a start.
func rabbitReady(address string) error {
	return Answers(address, []byte("AMQP\x00\x00\x09\x01"), "\x01")
}
