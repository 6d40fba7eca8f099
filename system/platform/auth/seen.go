package auth

import (
	"sync"
	"time"
)

// mostSeen bounds how many verified tokens are remembered; at about 1 kB each that is a few megabytes.
const mostSeen = 4096

// seen remembers tokens whose signature was checked: a shopper sends the same one with each request, and checking it is
// the dearest part of a small call.
type seen struct {
	mu     sync.Mutex
	tokens map[string]verified
}

type verified struct {
	identity Identity
	expires  time.Time
}

// get gives the identity of a token that was good and has not expired since.
func (s *seen) get(token string, now time.Time) (Identity, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.tokens[token]
	return v.identity, ok && now.Before(v.expires)
}

func (s *seen) put(token string, v verified) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens == nil || len(s.tokens) >= mostSeen {
		s.tokens = map[string]verified{}
	}
	s.tokens[token] = v
}

// forget is for when the keys change: what an old key vouched for is checked again.
func (s *seen) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = nil
}
