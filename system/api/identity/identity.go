// Package identity lets any service verify access tokens with the public keys of the user service.
package identity

import (
	"context"

	"google.golang.org/grpc"

	userv1 "stormglass/system/api/user/v1"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/rpc"
	"stormglass/system/platform/service"
)

// Verifier makes a verifier that fetches the user service's keys now and again and keeps them.
func Verifier(p service.Parts, addrs []string) (*auth.Verifier, error) {
	conn, err := p.Neighbour("user", addrs)
	if err != nil {
		return nil, err
	}
	return Over(p, conn), nil
}

// Over makes a verifier that fetches the keys over a connection that is there for other calls too. Its own fetches begin
// when the user service has answered for the first time: a service that starts earlier is no sign of an outage.
func Over(p service.Parts, conn *grpc.ClientConn) *auth.Verifier {
	users := userv1.NewUserServiceClient(conn)
	verifier := auth.NewVerifier(p.Telemetry, func(ctx context.Context) ([]byte, error) {
		resp, err := users.Keys(ctx, &userv1.KeysRequest{})
		return []byte(resp.GetJwksJson()), err
	})
	p.BeforeReady("public keys", func(ctx context.Context) error {
		if err := rpc.Connect(ctx, conn); err != nil {
			return err
		}
		return verifier.Refresh(ctx)
	})
	p.Go("public keys", func(ctx context.Context) error {
		if rpc.Connect(ctx, conn) != nil {
			return nil // the program ended first
		}
		return verifier.Run(ctx)
	})
	return verifier
}
