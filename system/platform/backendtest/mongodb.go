package backendtest

import (
	"encoding/binary"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"stormglass/system/platform/servers"
)

var sharedMongoDB = mongoDB().shared()

// MongoDB gives the MongoDB server of this test binary. Each test uses a database of its own on it, and drops it.
func MongoDB(tb testing.TB) *Server {
	tb.Helper()
	s, err := sharedMongoDB()
	mongoDB().must(tb, err)
	return s
}

func mongoDB() kind {
	link := func(host string) *url.URL { return &url.URL{Scheme: "mongodb", Host: host, Path: "/"} }
	return kind{
		name: "MongoDB", word: "MONGODB",
		program: func() (*program, error) {
			path, err := exec.LookPath("mongod")
			if err != nil {
				return nil, fmt.Errorf("%w; Debian has no package of it", err)
			}
			return &program{&servers.Program{
				Name: "MongoDB", Ports: 1, Data: "data", Abort: syscall.SIGKILL,
				Command: func(folder string, ports []string) *exec.Cmd {
					return exec.Command("sh", "-c", `mkdir -p "$1" && exec "$0" --dbpath "$1" --bind_ip 127.0.0.1 --port "$2" --nounixsocket`,
						path, filepath.Join(folder, "data"), ports[0])
				},
			}, link, answersMongoDB}, nil
		},
		container: container{image: "MONGO_IMAGE", port: "27017/tcp", url: link, ready: answersMongoDB},
	}
}

// answersMongoDB says hello in MongoDB's wire protocol (OP_MSG, opcode 2013): any answer will do.
func answersMongoDB(u *url.URL) error {
	body := []byte("\x10hello\x00\x01\x00\x00\x00\x02$db\x00\x06\x00\x00\x00admin\x00\x00")
	document := append(binary.LittleEndian.AppendUint32(nil, uint32(len(body)+4)), body...)
	message := []byte{1, 0, 0, 0, 0, 0, 0, 0, 0xdd, 7, 0, 0, 0, 0, 0, 0, 0} // request 1, in answer to none, OP_MSG, no flags, one document
	message = append(message, document...)
	return servers.Answers(u.Host, append(binary.LittleEndian.AppendUint32(nil, uint32(len(message)+4)), message...), "")
}
