package backendtest

import (
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

var sharedRedis = redis().shared()

// Redis gives the Redis server of this test binary. Tests share its keys, so they use random ones.
func Redis(tb testing.TB) *Server {
	tb.Helper()
	s, err := sharedRedis()
	redis().must(tb, err)
	return s
}

func redis() kind {
	link := func(host string) *url.URL { return &url.URL{Scheme: "redis", Host: host, Path: "/0"} }
	return kind{
		name: "Redis", word: "REDIS", debian: "redis-server",
		program: func() *program {
			path := found("redis-server")
			if path == "" {
				return nil
			}
			return &program{
				name: "Redis", needs: 1, data: "dump.rdb", stop: syscall.SIGKILL,
				command: func(folder string, ports []string) *exec.Cmd {
					return exec.Command(path, "--bind", "127.0.0.1", "--port", ports[0], "--save", "", "--dir", folder)
				},
				url:   func(_, port string) *url.URL { return link("127.0.0.1:" + port) },
				ready: answersRedis,
			}
		},
		container: container{
			image: "REDIS_IMAGE", port: "6379/tcp", url: link, ready: answersRedis,
			run: []string{"redis-server", "--protected-mode", "no", "--save", ""}, // reached from outside the container
		},
	}
}

func answersRedis(u *url.URL) error { return asks(u, []byte("PING\r\n"), "+PONG") }

// asks sends a question and says whether the answer begins as it should.
func asks(u *url.URL, question []byte, want string) error {
	conn, err := net.DialTimeout("tcp", u.Host, answerLimit)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return err
	}
	if _, err := conn.Write(question); err != nil {
		return err
	}
	answer := make([]byte, 64)
	n, err := conn.Read(answer)
	if err != nil {
		return err
	}
	if got := string(answer[:n]); len(got) < len(want) || got[:len(want)] != want {
		return fmt.Errorf("it answers %q", got)
	}
	return nil
}
