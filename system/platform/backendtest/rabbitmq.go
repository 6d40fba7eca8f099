package backendtest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"
)

// virtualHosts is how many virtual hosts a RabbitMQ of ours has from its start. Each costs that start some 25 ms.
const virtualHosts = 48

var sharedRabbitMQ = rabbitMQ().shared()

// RabbitMQ gives the RabbitMQ server of this test binary. Its virtual hosts are for tests to take, see VirtualHost.
func RabbitMQ(tb testing.TB) *Server {
	tb.Helper()
	s, err := sharedRabbitMQ()
	rabbitMQ().must(tb, err)
	return s
}

// OwnRabbitMQ gives a RabbitMQ server that no other test uses, to be killed and started again; it ends with the test. Where
// there is only one that the environment names, which is nobody's to kill, that is missing.
func OwnRabbitMQ(tb testing.TB) *Server {
	tb.Helper()
	k := rabbitMQ()
	s, err := k.open()
	if err == nil && !s.Ours() {
		err = fmt.Errorf("%w: RabbitMQ killed: TEST_RABBITMQ_URL names one that tests must not kill", errMissing)
		err = errors.Join(err, note(err))
	}
	k.must(tb, err)
	tb.Cleanup(func() {
		if r, ok := s.life.(*run); ok && tb.Failed() {
			tb.Logf("the end of RabbitMQ's log:\n%s", r.log())
		}
		if err := s.life.end(); err != nil {
			tb.Errorf("end RabbitMQ: %v", err)
		}
	})
	return s
}

// VirtualHost gives the URL of an empty part of a RabbitMQ server of ours. On somebody else's there is only the one that its
// URL names: tests take turns there, and each begins with what the one before left.
func VirtualHost(tb testing.TB, s *Server) *url.URL {
	tb.Helper()
	u := s.URL()
	if !s.Ours() {
		s.turn.Lock()
		tb.Cleanup(s.turn.Unlock)
		return u
	}
	n := s.hosts.Add(1)
	if n >= virtualHosts {
		tb.Fatalf("all %d virtual hosts are used: have RabbitMQ start with more", virtualHosts)
	}
	u.Path = fmt.Sprintf("/t%d", n)
	return u
}

func rabbitMQ() kind {
	password := uuid.NewString()
	link := func(host string) *url.URL {
		return &url.URL{Scheme: "amqp", User: url.UserPassword("tester", password), Host: host, Path: "/t0"}
	}
	return kind{
		name: "RabbitMQ", word: "RABBITMQ", debian: "rabbitmq-server",
		program: func() *program { return rabbitProgram(password, link) },
		container: container{
			image: "RABBITMQ_IMAGE", port: "5672/tcp", url: link, ready: answersRabbitMQ,
			files: map[string]string{
				"/etc/rabbitmq/conf.d/90-tests.conf": "load_definitions = /etc/rabbitmq/tests.json\n",
				"/etc/rabbitmq/tests.json":           definitions(password),
			},
		},
	}
}

// rabbitProgram runs the server with an epmd of its own beside it: the usual one would be shared, and stay. It calls the
// script below the one for administrators, which insists on its own user.
func rabbitProgram(password string, link func(host string) *url.URL) *program {
	server, err := filepath.EvalSymlinks("/usr/lib/rabbitmq/bin/rabbitmq-server")
	if err != nil {
		server = found("rabbitmq-server")
	}
	epmd := found("epmd")
	if server == "" || epmd == "" {
		return nil
	}
	return &program{
		name: "RabbitMQ", needs: 3, data: "mnesia", stop: syscall.SIGKILL,
		prepare: func(folder string, as account) error {
			for name, text := range map[string]string{
				"rabbitmq.conf":    "load_definitions = " + filepath.Join(folder, "definitions.json") + "\nlog.console.level = warning\n",
				"definitions.json": definitions(password),
				"enabled_plugins":  "[].\n",
			} {
				path := filepath.Join(folder, name)
				if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), as.own(path)); err != nil {
					return err
				}
			}
			return nil
		},
		command: func(folder string, ports []string) *exec.Cmd {
			c := exec.Command("sh", "-c", `"$0" -port "$ERL_EPMD_PORT" -address 127.0.0.1 & exec "$1"`, epmd, server)
			c.Env = append(os.Environ(), rabbitEnvironment(folder, ports)...)
			return c
		},
		url:   func(_, port string) *url.URL { return link("127.0.0.1:" + port) },
		ready: answersRabbitMQ,
	}
}

func rabbitEnvironment(folder string, ports []string) []string {
	return []string{
		"HOME=" + folder, // for the cookie of its own cluster
		"RABBITMQ_NODENAME=rabbit@localhost", "RABBITMQ_CONF_ENV_FILE=/dev/null",
		"RABBITMQ_CONFIG_FILE=" + filepath.Join(folder, "rabbitmq.conf"), "RABBITMQ_ENABLED_PLUGINS_FILE=" + filepath.Join(folder, "enabled_plugins"),
		"RABBITMQ_MNESIA_BASE=" + filepath.Join(folder, "mnesia"), "RABBITMQ_LOG_BASE=" + filepath.Join(folder, "logs"), "RABBITMQ_LOGS=-",
		"RABBITMQ_NODE_IP_ADDRESS=127.0.0.1", "RABBITMQ_NODE_PORT=" + ports[0],
		"RABBITMQ_DIST_PORT=" + ports[1], "ERL_EPMD_PORT=" + ports[2], "ERL_EPMD_ADDRESS=127.0.0.1", "ERL_CRASH_DUMP_SECONDS=0",
		// No busy waiting: tests share few cores.
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
	}
}

// definitions describes the virtual hosts and the one user, in the form that RabbitMQ loads when it starts.
func definitions(password string) string {
	type object = map[string]string
	salt := []byte(uuid.NewString()[:4])
	hash := sha256.Sum256(append(salt, password...))
	var hosts, permissions []object
	for i := range virtualHosts {
		name := fmt.Sprintf("t%d", i)
		hosts = append(hosts, object{"name": name})
		permissions = append(permissions, object{"user": "tester", "vhost": name, "configure": ".*", "write": ".*", "read": ".*"})
	}
	text, err := json.Marshal(map[string][]object{
		"users": {{
			"name": "tester", "tags": "administrator",
			"password_hash": base64.StdEncoding.EncodeToString(append(salt, hash[:]...)), "hashing_algorithm": "rabbit_password_hashing_sha256",
		}},
		"vhosts": hosts, "permissions": permissions,
	})
	if err != nil {
		panic(fmt.Sprintf("encode strings: %v", err)) // strings always encode
	}
	return string(text)
}

func answersRabbitMQ(u *url.URL) error {
	c, err := amqp.DialConfig(u.String(), amqp.Config{Dial: amqp.DefaultDial(answerLimit), Heartbeat: 10 * time.Second})
	if err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), u.String(), u.Redacted()))
	}
	return c.Close()
}
