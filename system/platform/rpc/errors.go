package rpc

import (
	"context"
	"errors"
	"io"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"stormglass/system/platform/problem"
)

// domain marks our own error details.
const domain = "stormglass"

// toStatus writes a problem as a gRPC status; its reason, fields, resource and RetryAfter travel as details. The cause stays here.
func toStatus(p *problem.Error) error {
	s := status.New(p.Code.GRPC(), p.Message)
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: p.Reason, Domain: domain}}
	if len(p.Fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, f := range p.Fields {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: f.Name, Description: f.Problem})
		}
		details = append(details, bad)
	}
	if p.Resource != "" {
		details = append(details, &errdetails.ResourceInfo{ResourceName: p.Resource})
	}
	if p.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(p.RetryAfter)})
	}
	if with, err := s.WithDetails(details...); err == nil {
		s = with
	}
	return s.Err()
}

// fromStatus reads what a call came to. An Internal error of the neighbour stays Internal; what gRPC itself says about
// a connection becomes Unavailable.
func fromStatus(ctx context.Context, server string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	if problem.CodeOf(err) == problem.Unavailable { // a refusal of our own policy
		return err
	}
	s, _ := status.FromError(err)
	if s.Code() == codes.Canceled && ctx.Err() == nil { // the neighbour stopped, not our caller
		return problem.Wrap(err, problem.Unavailable, "", "%s stopped before it answered", server)
	}
	p := problem.Wrap(err, problem.FromGRPC(s.Code()), "", "%s", s.Message())
	if !describe(p, s) {
		p.Message = messageOf(p.Code, server, s)
	}
	return p
}

// describe takes over what our own servers say in details; it tells whether there was any.
func describe(p *problem.Error, s *status.Status) bool {
	ours := false
	for _, detail := range s.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			if d.GetDomain() == domain {
				ours, p.Reason = true, d.GetReason()
			}
		case *errdetails.BadRequest:
			for _, f := range d.GetFieldViolations() {
				p.Fields = append(p.Fields, problem.Field{Name: f.GetField(), Problem: f.GetDescription()})
			}
		case *errdetails.ResourceInfo:
			p.Resource = d.GetResourceName()
		case *errdetails.RetryInfo:
			p.RetryAfter = d.GetRetryDelay().AsDuration()
		}
	}
	return ours
}

// messageOf replaces gRPC's own texts, which name addresses, by one for people.
func messageOf(code problem.Code, server string, s *status.Status) string {
	switch code {
	case problem.Unavailable:
		return server + " does not answer just now"
	case problem.Timeout:
		return server + " did not answer in time"
	case problem.Internal:
		return "something went wrong in " + server
	}
	return s.Message()
}
