package backendtest

import (
	"errors"
	"net/url"
	"sync"
	"sync/atomic"
)

// Server is a backend that runs. One that a test has for itself it may also kill, start again, and wipe.
type Server struct {
	address atomic.Pointer[url.URL]
	life    life
	// hosts counts the virtual hosts of a RabbitMQ that tests have had; turn is held by the test that has the only one.
	hosts atomic.Int64
	turn  sync.Mutex
}

// life is how a server of our own begins and ends.
type life interface {
	// start gives the URL of the server once it answers.
	start() (*url.URL, error)
	// kill ends the server with no chance to finish anything; its data stays.
	kill() error
	// wipe makes the next start begin without data.
	wipe() error
	// end removes the server with all that it has.
	end() error
}

func newServer(at *url.URL, l life) *Server {
	s := &Server{life: l}
	s.address.Store(at)
	return s
}

// errNotOurs refuses what would hurt somebody else's server.
var errNotOurs = errors.New("the server is not ours to stop")

// URL is where the server is.
func (s *Server) URL() *url.URL { return new(*s.address.Load()) }

// Ours says whether the server was started for these tests, so that they may kill it.
func (s *Server) Ours() bool { return s.life != nil }

// Kill ends the server at once, as a crash would.
func (s *Server) Kill() error {
	if s.life == nil {
		return errNotOurs
	}
	return s.life.kill()
}

// Wipe makes the next Start begin without data; call it between Kill and Start.
func (s *Server) Wipe() error {
	if s.life == nil {
		return errNotOurs
	}
	return s.life.wipe()
}

// Start starts the server again after Kill. Its URL may be another one afterwards.
func (s *Server) Start() error {
	if s.life == nil {
		return errNotOurs
	}
	u, err := s.life.start()
	if err == nil {
		s.address.Store(u)
	}
	return err
}
