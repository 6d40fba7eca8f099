package rpc_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	cartv1 "stormglass/system/api/cart/v1"
	userv1 "stormglass/system/api/user/v1"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/rpc"
	"stormglass/system/platform/telemetry"
)

// carts answers with what the test wants, and keeps what it saw.
type carts struct {
	cartv1.UnimplementedCartServiceServer
	calls  atomic.Int64
	answer func(ctx context.Context, call int64) error
}

func (c *carts) GetCart(ctx context.Context, _ *cartv1.GetCartRequest) (*cartv1.GetCartResponse, error) {
	return &cartv1.GetCartResponse{Cart: &cartv1.Cart{Version: 7}}, c.answer(ctx, c.calls.Add(1))
}

type users struct {
	userv1.UnimplementedUserServiceServer
	calls atomic.Int64
}

func (u *users) Login(context.Context, *userv1.LoginRequest) (*userv1.LoginResponse, error) {
	u.calls.Add(1)
	return nil, problem.New(problem.Unavailable, "", "not now")
}

// pair is a server and a client of it.
type pair struct {
	carts   *carts
	users   *users
	key     auth.Key
	server  *rpc.Server
	tel     *telemetry.Telemetry // the server's
	address string
}

func serve(t *testing.T, answer func(ctx context.Context, call int64) error) *pair {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{carts: &carts{answer: answer}, users: &users{}, key: auth.Key{ID: "k", Private: private}, tel: telemetry.Discard("cart")}
	verifier := auth.NewVerifier(p.tel, func(context.Context) ([]byte, error) {
		return auth.MarshalJWKS(auth.PublicKeys{"k": private.Public().(ed25519.PublicKey)})
	})
	p.server = rpc.NewServer(p.tel, verifier)
	cartv1.RegisterCartServiceServer(p.server, p.carts)
	userv1.RegisterUserServiceServer(p.server, p.users)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = l.Addr().String()
	done := make(chan error, 1)
	go func() { done <- p.server.Serve(l) }()
	t.Cleanup(func() {
		p.server.Stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return p
}

func dial(t *testing.T, addrs ...string) (cartv1.CartServiceClient, userv1.UserServiceClient) {
	t.Helper()
	tel := telemetry.Discard("order")
	link, err := resilience.New(tel, "order", "cart", resilience.Policy{
		Deadline: 2 * time.Minute, AttemptTimeout: time.Minute, Attempts: 3, Backoff: time.Millisecond, MaxBackoff: 5 * time.Millisecond,
		RetryRatio: 1, RetryBurst: 10,
	})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := rpc.Dial(tel, link, addrs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return cartv1.NewCartServiceClient(conn), userv1.NewUserServiceClient(conn)
}

func TestIdentityAndCorrelationTravelWithTheCall(t *testing.T) {
	var who auth.Identity
	var correlation string
	p := serve(t, func(ctx context.Context, _ int64) error {
		who, _ = auth.From(ctx)
		correlation = telemetry.Correlation(ctx)
		return nil
	})
	client, _ := dial(t, p.address)
	token, err := auth.Sign(p.key, auth.Identity{UserID: "u1"}, time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	ctx := telemetry.WithCorrelation(auth.With(t.Context(), auth.Identity{UserID: "u1", Token: token}), "c-1")
	if _, err := client.GetCart(ctx, &cartv1.GetCartRequest{}); err != nil {
		t.Fatal(err)
	}
	if who.UserID != "u1" || correlation != "c-1" {
		t.Errorf("the server saw user %q and correlation id %q", who.UserID, correlation)
	}
	if n := testutil.CollectAndCount(p.tel.Registry, telemetry.RPCServerDuration.Name); n != 1 {
		t.Errorf("the server has %d series of its call duration, want 1", n)
	}
}

func TestForgedTokenIsRefusedBeforeTheUseCase(t *testing.T) {
	p := serve(t, func(context.Context, int64) error { return nil })
	client, _ := dial(t, p.address)
	ctx := auth.With(t.Context(), auth.Identity{UserID: "u1", Token: "forged"})
	if _, err := client.GetCart(ctx, &cartv1.GetCartRequest{}); problem.ReasonOf(err) != "token_invalid" {
		t.Errorf("got %v, want token_invalid", err)
	}
	if got := p.carts.calls.Load(); got != 0 {
		t.Errorf("the use case was called %d times", got)
	}
}

func TestProblemsCrossTheWireWhole(t *testing.T) {
	sent := problem.InvalidFields(problem.Field{Name: "quantity", Problem: "1 to 99"}).After(3 * time.Second).About("/v1/orders/1")
	p := serve(t, func(context.Context, int64) error { return sent })
	client, _ := dial(t, p.address)
	_, err := client.GetCart(t.Context(), &cartv1.GetCartRequest{})
	got, ok := errors.AsType[*problem.Error](err)
	if !ok || got.Code != sent.Code || got.Reason != sent.Reason || got.Message != sent.Message || got.RetryAfter != sent.RetryAfter || got.Resource != sent.Resource || !reflect.DeepEqual(got.Fields, sent.Fields) {
		t.Errorf("got %#v, want %#v", got, sent)
	}
}

func TestCausesStayAtHome(t *testing.T) {
	p := serve(t, func(context.Context, int64) error { return errors.New("password of the database is hunter2") })
	client, _ := dial(t, p.address)
	_, err := client.GetCart(t.Context(), &cartv1.GetCartRequest{})
	if problem.CodeOf(err) != problem.Internal || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestPanicIsAnInternalErrorAndTheServerLives(t *testing.T) {
	p := serve(t, func(_ context.Context, call int64) error {
		if call == 1 {
			panic("oh")
		}
		return nil
	})
	client, _ := dial(t, p.address)
	if _, err := client.GetCart(t.Context(), &cartv1.GetCartRequest{}); problem.CodeOf(err) != problem.Internal {
		t.Errorf("got %v, want internal", err)
	}
	if _, err := client.GetCart(t.Context(), &cartv1.GetCartRequest{}); err != nil {
		t.Errorf("after the panic: %v", err)
	}
}

func TestOnlyIdempotentMethodsAreRepeated(t *testing.T) {
	p := serve(t, func(_ context.Context, call int64) error {
		if call < 3 {
			return problem.New(problem.Unavailable, "", "not now")
		}
		return nil
	})
	cartClient, userClient := dial(t, p.address)
	if _, err := cartClient.GetCart(t.Context(), &cartv1.GetCartRequest{}); err != nil {
		t.Errorf("a read that works at the third attempt: %v", err)
	}
	if _, err := userClient.Login(t.Context(), &userv1.LoginRequest{}); problem.CodeOf(err) != problem.Unavailable {
		t.Errorf("login: got %v, want unavailable", err)
	}
	if got := []int64{p.carts.calls.Load(), p.users.calls.Load()}; !reflect.DeepEqual(got, []int64{3, 1}) {
		t.Errorf("attempts of GetCart and Login on the wire: got %v, want [3 1]", got)
	}
}

func TestOneOfTwoInstancesMayDie(t *testing.T) {
	answer := func(context.Context, int64) error { return nil }
	first, second := serve(t, answer), serve(t, answer)
	client, _ := dial(t, first.address, second.address)
	call := func() error {
		_, err := client.GetCart(t.Context(), &cartv1.GetCartRequest{})
		return err
	}
	for range 100 {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	}
	if first.carts.calls.Load() == 0 || second.carts.calls.Load() == 0 {
		t.Errorf("calls are not spread: %d and %d", first.carts.calls.Load(), second.carts.calls.Load())
	}
	first.server.Stop()
	for range 20 {
		if err := call(); err != nil {
			t.Errorf("with one of two instances gone: %v", err)
		}
	}
}
