package backendtest

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"stormglass/system/platform/servers"
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
		name: "PostgreSQL", word: "POSTGRES",
		program: func() (*program, error) {
			p, err := servers.Postgres(servers.PostgresOptions{Owner: "postgres", Password: password})
			return &program{p, link, answersPostgres}, err
		},
		container: container{
			image: "POSTGRES_IMAGE", port: "5432/tcp", url: link, ready: answersPostgres,
			env:   map[string]string{"POSTGRES_PASSWORD_FILE": "/tests-password"},
			files: map[string]string{"/tests-password": password},
			run:   []string{"postgres", "-c", "max_connections=200", "-c", "fsync=off"},
		},
	}
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
