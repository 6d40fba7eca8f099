package gateway

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	cartv1 "stormglass/system/api/cart/v1"
	inventoryv1 "stormglass/system/api/inventory/v1"
	moneyv1 "stormglass/system/api/money/v1"
	orderv1 "stormglass/system/api/order/v1"
	paymentv1 "stormglass/system/api/payment/v1"
	productv1 "stormglass/system/api/product/v1"
	shippingv1 "stormglass/system/api/shipping/v1"
	userv1 "stormglass/system/api/user/v1"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/rpc"
	"stormglass/system/platform/telemetry"
)

// lamp is the one product of the fakes, and theOrder the id of their one order.
const (
	lamp     = "desk-lamp-arc-0042"
	theOrder = "0190c0de-0000-7000-8000-000000000001"
)

func euros(minor int64) *moneyv1.Money { return &moneyv1.Money{Minor: minor, Currency: "EUR"} }

// fakes are the services behind the gateway, in one process. Each speaks its whole contract as far as the gateway uses
// it; down makes one answer as if it were away.
type fakes struct {
	key auth.Key

	mu      sync.Mutex
	down    map[string]bool
	silent  bool           // shipping takes calls and never answers
	left    time.Duration  // how long the last silent call was to wait
	seen    map[string]any // the last request of each method
	calls   map[string]int
	changes chan orderv1.State
}

// away switches a service off or on.
func (f *fakes) away(service string, is bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down[service] = is
}

func (f *fakes) called(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[method]
}

func (f *fakes) last(method string) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen[method]
}

// note records a call, and fails it while its service is away.
func (f *fakes) note(service, method string, request any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[method]++
	f.seen[method] = request
	if f.down[service] {
		return problem.New(problem.Unavailable, "", "%s is away", service)
	}
	return nil
}

// startFakes serves each fake on a listener of its own and gives their addresses by service.
func startFakes(t *testing.T) (*fakes, map[string]string) {
	t.Helper()
	f := &fakes{key: newKey(t), down: map[string]bool{}, seen: map[string]any{}, calls: map[string]int{}, changes: make(chan orderv1.State)}
	addrs := map[string]string{}
	for name, register := range map[string]func(*grpc.Server){
		"user":      func(s *grpc.Server) { userv1.RegisterUserServiceServer(s, &fakeUser{f: f}) },
		"product":   func(s *grpc.Server) { productv1.RegisterProductServiceServer(s, &fakeProduct{f: f}) },
		"cart":      func(s *grpc.Server) { cartv1.RegisterCartServiceServer(s, &fakeCart{f: f}) },
		"order":     func(s *grpc.Server) { orderv1.RegisterOrderServiceServer(s, &fakeOrder{f: f}) },
		"inventory": func(s *grpc.Server) { inventoryv1.RegisterInventoryServiceServer(s, &fakeInventory{f: f}) },
		"payment":   func(s *grpc.Server) { paymentv1.RegisterPaymentServiceServer(s, &fakePayment{f: f}) },
		"shipping":  func(s *grpc.Server) { shippingv1.RegisterShippingServiceServer(s, &fakeShipping{f: f}) },
	} {
		addrs[name] = f.serve(t, name, register)
	}
	return f, addrs
}

func (f *fakes) serve(t *testing.T, name string, register func(*grpc.Server)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tel := telemetry.Discard(name)
	server := rpc.NewServer(tel, auth.NewVerifier(tel, func(context.Context) ([]byte, error) { return f.jwks() }))
	register(server.Server)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with Stop
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return l.Addr().String()
}

type fakeUser struct {
	userv1.UnimplementedUserServiceServer
	f *fakes
}

func (u *fakeUser) Keys(_ context.Context, r *userv1.KeysRequest) (*userv1.KeysResponse, error) {
	if err := u.f.note("user", "Keys", r); err != nil {
		return nil, err
	}
	doc, err := u.f.jwks()
	return &userv1.KeysResponse{JwksJson: string(doc)}, err
}

func (u *fakeUser) Register(_ context.Context, r *userv1.RegisterRequest) (*userv1.RegisterResponse, error) {
	if err := u.f.note("user", "Register", r); err != nil {
		return nil, err
	}
	if r.GetEmail() == "taken@example.com" {
		return nil, problem.New(problem.Conflict, "email_taken", "there is an account with this e-mail address: log in")
	}
	return &userv1.RegisterResponse{Profile: &userv1.Profile{UserId: "u1", Email: r.GetEmail(), Name: r.GetName(), Phone: r.GetPhone()}}, nil
}

func (u *fakeUser) Login(_ context.Context, r *userv1.LoginRequest) (*userv1.LoginResponse, error) {
	if err := u.f.note("user", "Login", r); err != nil {
		return nil, err
	}
	token, err := auth.Sign(u.f.key, auth.Identity{UserID: "u1"}, time.Now(), time.Minute)
	return &userv1.LoginResponse{UserId: "u1", Tokens: &userv1.Tokens{AccessToken: token, ExpiresIn: 60, RefreshToken: "r1"}}, err
}

func (u *fakeUser) Refresh(_ context.Context, r *userv1.RefreshRequest) (*userv1.RefreshResponse, error) {
	return &userv1.RefreshResponse{Tokens: &userv1.Tokens{AccessToken: "a2", ExpiresIn: 60, RefreshToken: "r2"}}, u.f.note("user", "Refresh", r)
}

func (u *fakeUser) Logout(_ context.Context, r *userv1.LogoutRequest) (*userv1.LogoutResponse, error) {
	return &userv1.LogoutResponse{}, u.f.note("user", "Logout", r)
}

func (u *fakeUser) GetProfile(ctx context.Context, r *userv1.GetProfileRequest) (*userv1.GetProfileResponse, error) {
	who, err := auth.Require(ctx)
	if err != nil {
		return nil, err
	}
	return &userv1.GetProfileResponse{Profile: &userv1.Profile{UserId: who.UserID, Email: "ada@example.com", Name: "Ada"}}, u.f.note("user", "GetProfile", r)
}

func (u *fakeUser) UpdateProfile(_ context.Context, r *userv1.UpdateProfileRequest) (*userv1.UpdateProfileResponse, error) {
	return &userv1.UpdateProfileResponse{Profile: &userv1.Profile{UserId: "u1", Name: r.GetName()}}, u.f.note("user", "UpdateProfile", r)
}

func (u *fakeUser) ListAddresses(_ context.Context, r *userv1.ListAddressesRequest) (*userv1.ListAddressesResponse, error) {
	return &userv1.ListAddressesResponse{}, u.f.note("user", "ListAddresses", r)
}

func (u *fakeUser) PutAddress(_ context.Context, r *userv1.PutAddressRequest) (*userv1.PutAddressResponse, error) {
	return &userv1.PutAddressResponse{Address: r.GetAddress()}, u.f.note("user", "PutAddress", r)
}

func (u *fakeUser) DeleteAddress(_ context.Context, r *userv1.DeleteAddressRequest) (*userv1.DeleteAddressResponse, error) {
	return &userv1.DeleteAddressResponse{}, u.f.note("user", "DeleteAddress", r)
}
