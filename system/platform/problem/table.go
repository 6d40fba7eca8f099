package problem

import "google.golang.org/grpc/codes"

// A row says what a code means on each wire and to the resilience policies.
type row struct {
	grpc codes.Code
	http int
	// retry: repeating the same request may help.
	retry bool
	// outage: the dependency is away or overloaded; says nothing about this one request. Breakers count it, consumers
	// pause on it.
	outage bool
}

var table = map[Code]row{
	OK:              {codes.OK, 200, false, false},
	Invalid:         {codes.InvalidArgument, 400, false, false},
	Unauthenticated: {codes.Unauthenticated, 401, false, false},
	Denied:          {codes.PermissionDenied, 403, false, false},
	NotFound:        {codes.NotFound, 404, false, false},
	Conflict:        {codes.FailedPrecondition, 409, false, false},
	TooMany:         {codes.ResourceExhausted, 429, false, false},
	Unavailable:     {codes.Unavailable, 503, true, true},
	Timeout:         {codes.DeadlineExceeded, 504, true, true},
	Unknown:         {codes.Aborted, 503, true, true},
	Canceled:        {codes.Canceled, 499, false, false},
	Internal:        {codes.Internal, 500, false, false},
}

// GRPC gives the status code on the inside wire.
func (c Code) GRPC() codes.Code { return table[c].grpc }

// HTTP gives the status on the outside wire.
func (c Code) HTTP() int { return table[c].http }

// Retryable says whether repeating the same request may help.
func (c Code) Retryable() bool { return table[c].retry }

// Outage says whether the code speaks of the dependency and not of this one request.
func (c Code) Outage() bool { return table[c].outage }

// FromGRPC gives the code for a status code that came over the wire.
func FromGRPC(c codes.Code) Code {
	for code, r := range table {
		if r.grpc == c {
			return code
		}
	}
	switch c {
	case codes.AlreadyExists:
		return Conflict
	case codes.OutOfRange:
		return Invalid
	}
	return Internal
}
