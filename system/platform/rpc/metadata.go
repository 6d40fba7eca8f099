package rpc

import (
	"context"
	"strings"

	"google.golang.org/grpc/metadata"

	"stormglass/system/platform/auth"
	"stormglass/system/platform/telemetry"
)

// What travels with each call beside the trace context and the deadline, which gRPC carries itself.
const (
	headerClient      = "x-client"
	headerCorrelation = "x-correlation-id"
	headerToken       = "authorization"
)

// outgoing adds to a call who makes it, for which request, in whose name.
func outgoing(ctx context.Context, client string) context.Context {
	pairs := []string{headerClient, client}
	if id := telemetry.Correlation(ctx); id != "" {
		pairs = append(pairs, headerCorrelation, id)
	}
	if i, ok := auth.From(ctx); ok && i.Token != "" {
		pairs = append(pairs, headerToken, "Bearer "+i.Token)
	}
	return metadata.AppendToOutgoingContext(ctx, pairs...)
}

// incoming is what a call said of itself.
type incoming struct {
	client, correlation, token string
}

func incomingOf(ctx context.Context) incoming {
	md, _ := metadata.FromIncomingContext(ctx)
	token, _ := strings.CutPrefix(first(md, headerToken), "Bearer ")
	return incoming{client: first(md, headerClient), correlation: first(md, headerCorrelation), token: token}
}

func first(md metadata.MD, name string) string {
	if values := md.Get(name); len(values) > 0 {
		return values[0]
	}
	return ""
}
