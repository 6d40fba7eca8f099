// Package backendtest gives tests the backends that a whole shop has: PostgreSQL, RabbitMQ, Redis and MongoDB.
//
// Each comes from the first of these that there is:
//
//	a URL in the environment        TEST_POSTGRES_URL, TEST_RABBITMQ_URL, TEST_REDIS_URL, TEST_MONGODB_URL
//	a program on this machine       with a folder of its own, on a free loopback port, without root's rights
//	a container                     of the image that compose/versions.env names, where Docker answers
//
// One server serves all tests of a test binary. It starts when a test first asks, and is gone soon after the binary ends,
// however that ends. What none of the three gives is not tested: the test is skipped, the file that NOT_TESTED names says
// so, and with REQUIRE_POSTGRES=1, REQUIRE_RABBITMQ=1, REQUIRE_REDIS=1 or REQUIRE_MONGODB=1 it fails.
package backendtest

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"stormglass/internal/nottested"
)

// kind is one of the backends.
type kind struct {
	// name is what people call it; word is its part of the environment's names, such as POSTGRES in TEST_POSTGRES_URL.
	name, word string
	// program finds what runs it on this machine, or says what is missing.
	program func() (*program, error)
	// container says how its image is run.
	container container
}

// errMissing is the cause of everything that is not tested.
var errMissing = errors.New("not tested")

// open starts the backend, or takes the one that the environment names. A backend that cannot be had is errMissing.
func (k kind) open() (*Server, error) {
	if given := os.Getenv("TEST_" + k.word + "_URL"); given != "" {
		u, err := url.Parse(given)
		if err != nil || u.Host == "" { // the error would show the password
			return nil, fmt.Errorf("TEST_%s_URL is no URL of a server", k.word)
		}
		return newServer(u, nil), nil
	}
	p, noProgram := k.program()
	if noProgram == nil {
		return p.open()
	}
	s, noContainer := k.container.open()
	if noContainer != nil {
		return nil, k.missing(noProgram, noContainer)
	}
	return s, nil
}

// missing says what is not tested, and what would change that.
func (k kind) missing(noProgram, noContainer error) error {
	return fmt.Errorf("%w: %s: set TEST_%s_URL, install its program (%w), or start Docker with its image (%w)", errMissing, k.name, k.word, noProgram, noContainer)
}

// shared makes the question for the one server of all tests of this binary. What is missing is noted once.
func (k kind) shared() func() (*Server, error) {
	return sync.OnceValues(func() (*Server, error) {
		s, err := k.open()
		if errors.Is(err, errMissing) {
			err = errors.Join(err, note(err))
		}
		return s, err
	})
}

// Programs ends a test, as a missing backend would, where PostgreSQL, RabbitMQ or Redis is not installed: what starts them by
// itself is not helped by a URL or a container.
func Programs(tb testing.TB) {
	tb.Helper()
	for _, k := range []kind{postgres(), rabbitMQ(), redis()} {
		_, err := k.program()
		if err != nil {
			err = fmt.Errorf("%w: %w", errMissing, err)
			err = errors.Join(err, note(err))
		}
		k.must(tb, err)
	}
}

// must ends a test that cannot have its backend: by a skip when that is only missing, and need not be there.
func (k kind) must(tb testing.TB, err error) {
	tb.Helper()
	switch {
	case err == nil:
	case errors.Is(err, errMissing) && os.Getenv("REQUIRE_"+k.word) != "1":
		tb.Skip(err)
	default:
		tb.Fatalf("get %s: %v", k.name, err)
	}
}

// note tells the one who started the run what was not tested, and by which tests.
func note(missing error) error {
	return nottested.Note(filepath.Base(os.Args[0]) + ": " + missing.Error())
}
