// Package identity lets any service verify access tokens with the public keys of the user service.
package identity

import (
	"context"

	"google.golang.org/grpc"

	userv1 "stormglass/system/api/user/v1"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/service"
)

// Verifier makes a verifier that fetches the user service's keys now and again and keeps them.
func Verifier(p service.Parts, addrs []string) (*auth.Verifier, error) {
	conn, err := p.Neighbour("user", addrs)
	if err != nil {
		return nil, err
	}
	users := userv1.NewUserServiceClient(conn)
	verifier := auth.NewVerifier(p.Telemetry, func(ctx context.Context) ([]byte, error) {
		resp, err := users.Keys(ctx, &userv1.KeysRequest{}, grpc.WaitForReady(true)) // in the background: while it connects there is time
		return []byte(resp.GetJwksJson()), err
	})
	p.Go("public keys", verifier.Run)
	return verifier, nil
}
