package backendtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// answerLimit bounds one question whether a server is there.
const answerLimit = 2 * time.Second

var sharedPostgres = postgres().shared()

// Postgres gives the PostgreSQL server of this test binary, with the right to make databases and schemas on it.
func Postgres(tb testing.TB) *Server {
	tb.Helper()
	s, err := sharedPostgres()
	postgres().must(tb, err)
	return s
}

func postgres() kind {
	password := uuid.NewString()
	link := func(host string) *url.URL {
		return &url.URL{Scheme: "postgres", User: url.UserPassword("postgres", password), Host: host, Path: "/postgres", RawQuery: "sslmode=disable"}
	}
	return kind{
		name: "PostgreSQL", word: "POSTGRES", debian: "postgresql",
		program: func() *program { return postgresProgram(password, link) },
		container: container{
			image: "POSTGRES_IMAGE", port: "5432/tcp", url: link, ready: answersPostgres,
			env:   map[string]string{"POSTGRES_PASSWORD_FILE": "/tests-password"},
			files: map[string]string{"/tests-password": password},
			run:   []string{"postgres", "-c", "max_connections=200", "-c", "fsync=off"},
		},
	}
}

func postgresProgram(password string, link func(host string) *url.URL) *program {
	programs := postgresPrograms()
	if programs == "" {
		return nil
	}
	return &program{
		name: "PostgreSQL", needs: 1, data: "data", stop: syscall.SIGQUIT,
		prepare: func(folder string, as account) error { return initdb(programs, folder, password, as) },
		command: func(folder string, ports []string) *exec.Cmd {
			return exec.Command(filepath.Join(programs, "postgres"), "-D", filepath.Join(folder, "data"), "-p", ports[0],
				"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200",
				"-c", "fsync=off", "-c", "full_page_writes=off")
		},
		url:   func(_, port string) *url.URL { return link("127.0.0.1:" + port) },
		ready: answersPostgres,
	}
}

// postgresPrograms gives the folder of the newest server's programs, or "".
func postgresPrograms() string {
	versions, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is right, so there is no error
	newest, folder := 0, ""
	for _, path := range versions {
		bin := filepath.Dir(path)
		if version, err := strconv.Atoi(filepath.Base(filepath.Dir(bin))); err == nil && version > newest {
			newest, folder = version, bin
		}
	}
	if path := found("initdb"); folder == "" && path != "" {
		return filepath.Dir(path)
	}
	return folder
}

func initdb(programs, folder, password string, as account) error {
	secret := filepath.Join(folder, "password")
	if err := errors.Join(os.WriteFile(secret, []byte(password), 0o600), as.own(secret)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	c := exec.CommandContext(ctx, filepath.Join(programs, "initdb"), "-D", filepath.Join(folder, "data"), "-U", "postgres",
		"-A", "password", "--pwfile", secret, "-E", "UTF8", "--locale=C", "--no-sync")
	c.Dir, c.SysProcAttr = folder, as.attributes()
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func answersPostgres(u *url.URL) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	c, err := pgx.Connect(ctx, u.String())
	if err != nil {
		return err
	}
	return errors.Join(c.Ping(ctx), c.Close(ctx))
}
