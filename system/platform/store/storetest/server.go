package storetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	// startLimit bounds initdb, and the wait for the server's first answer.
	startLimit = 30 * time.Second
	// cleanLimit bounds the removal of a schema.
	cleanLimit = 10 * time.Second
)

// guard is the shell script that owns the server: it stops it and removes its folder once the test binary has ended,
// however that was, because then its standard input ends. It ends by itself when the server does.
//
//	sh -c guard guard FOLDER POSTGRES PORT
const guard = `
exec 3<&0
"$2" -D "$1/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 \
	-c fsync=off -c full_page_writes=off </dev/null 3<&- >"$1/log" 2>&1 &
server=$!
{ read -r _; : >"$1/stop"; kill -QUIT "$server"; } <&3 2>/dev/null &
wait "$server"
if [ -e "$1/stop" ]; then rm -rf "$1"; fi
`

// tries is how many ports are tried: another process may take one between our look and the server's.
const tries = 3

// server is a PostgreSQL server on which tests create their schemas.
type server struct{ admin *url.URL }

// shared starts the server for all tests of this binary, once they first ask; no server and no error where PostgreSQL
// is not installed.
var shared = sync.OnceValues(func() (*server, error) {
	if given := os.Getenv("STORE_TEST_POSTGRES_URL"); given != "" {
		admin, err := url.Parse(given)
		if err != nil {
			return nil, errors.New("STORE_TEST_POSTGRES_URL is not a URL")
		}
		return &server{admin}, nil
	}
	programs := findPrograms()
	if programs == "" {
		return nil, note()
	}
	return start(programs)
})

// findPrograms gives the folder of the newest server's programs, or "".
func findPrograms() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is right, so there is no error
	newest, folder := 0, ""
	for _, path := range found {
		bin := filepath.Dir(path)
		if version, err := strconv.Atoi(filepath.Base(filepath.Dir(bin))); err == nil && version > newest {
			newest, folder = version, bin
		}
	}
	if path, err := exec.LookPath("initdb"); folder == "" && err == nil {
		return filepath.Dir(path)
	}
	return folder
}

// start makes a cluster in a folder of its own and starts its server on a free port of the loopback.
func start(programs string) (*server, error) {
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "storetest-")
	if err != nil {
		return nil, err
	}
	s, err := startIn(folder, programs, owner)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
}

func startIn(folder, programs string, owner account) (*server, error) {
	password := uuid.NewString()
	secret := filepath.Join(folder, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return nil, err
	}
	if err := owner.own(folder, secret); err != nil {
		return nil, err
	}
	if err := initdb(programs, folder, owner); err != nil {
		return nil, err
	}
	var failed error
	for range tries {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		ended, err := launch(programs, folder, port, owner)
		if err != nil {
			return nil, err
		}
		s := &server{&url.URL{Scheme: "postgres", User: url.UserPassword("tester", password), Host: "127.0.0.1:" + port, Path: "/postgres", RawQuery: "sslmode=disable"}}
		if failed = s.wait(folder, ended); failed == nil {
			return s, nil
		}
	}
	return nil, failed
}

func initdb(programs, folder string, owner account) error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	c := exec.CommandContext(ctx, filepath.Join(programs, "initdb"), "-D", filepath.Join(folder, "data"), "-U", "tester",
		"-A", "password", "--pwfile", filepath.Join(folder, "password"), "-E", "UTF8", "--locale=C", "--no-sync")
	c.Dir, c.SysProcAttr = folder, owner.attributes()
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// launch starts the guard, which starts the server, and tells when both have ended. The write end of the guard's
// standard input is never used and never closed: it ends with this process.
func launch(programs, folder, port string, owner account) (<-chan struct{}, error) {
	c := exec.Command("sh", "-c", guard, "guard", folder, filepath.Join(programs, "postgres"), port)
	c.Dir, c.SysProcAttr = folder, owner.attributes()
	if _, err := c.StdinPipe(); err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() { // lives as long as the server
		_ = c.Wait()
		close(ended)
	}()
	return ended, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// wait asks until the server answers.
func (s *server) wait(folder string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	for {
		err := s.run(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
			continue
		case <-ctx.Done():
		case <-ended:
		}
		log, _ := os.ReadFile(filepath.Join(folder, "log")) // only to say more
		return fmt.Errorf("wait for the server: %w\n%s", err, log)
	}
}

// run runs one statement as the administrator.
func (s *server) run(ctx context.Context, statement string) error {
	c, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, statement)
	return errors.Join(err, c.Close(ctx))
}

// schema creates an empty schema, which its URL makes the only one in sight. To a test it is a database of its own, but
// it takes a millisecond where a database takes 150.
func (s *server) schema(ctx context.Context) (string, func() error, error) {
	name := "t" + uuid.NewString()[:8]
	if err := s.run(ctx, "CREATE SCHEMA "+name); err != nil {
		return "", nil, err
	}
	drop := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), cleanLimit) // the test's own has ended by now
		defer cancel()
		return s.run(ctx, "DROP SCHEMA "+name+" CASCADE")
	}
	own := *s.admin
	q := own.Query()
	q.Set("search_path", name)
	own.RawQuery = q.Encode()
	return own.String(), drop, nil
}
