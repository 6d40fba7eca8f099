package user

import (
	"context"

	userv1 "stormglass/system/api/user/v1"
	"stormglass/system/platform/auth"
)

// server puts the use cases on the wire.
type server struct {
	userv1.UnimplementedUserServiceServer
	service *Service
}

func (s *server) Register(ctx context.Context, r *userv1.RegisterRequest) (*userv1.RegisterResponse, error) {
	u, err := s.service.Register(ctx, Registration{
		Key: r.GetIdempotencyKey(), Email: r.GetEmail(), Password: r.GetPassword(), Name: r.GetName(), Phone: r.GetPhone(),
	})
	return &userv1.RegisterResponse{Profile: wireProfile(u)}, err
}

func (s *server) Login(ctx context.Context, r *userv1.LoginRequest) (*userv1.LoginResponse, error) {
	id, tokens, err := s.service.Login(ctx, r.GetEmail(), r.GetPassword())
	return &userv1.LoginResponse{UserId: string(id), Tokens: wireTokens(tokens)}, err
}

func (s *server) Refresh(ctx context.Context, r *userv1.RefreshRequest) (*userv1.RefreshResponse, error) {
	tokens, err := s.service.Refresh(ctx, r.GetRefreshToken())
	return &userv1.RefreshResponse{Tokens: wireTokens(tokens)}, err
}

func (s *server) Logout(ctx context.Context, r *userv1.LogoutRequest) (*userv1.LogoutResponse, error) {
	return &userv1.LogoutResponse{}, s.service.Logout(ctx, r.GetRefreshToken())
}

func (s *server) Keys(ctx context.Context, _ *userv1.KeysRequest) (*userv1.KeysResponse, error) {
	doc, err := s.service.keys.document(ctx)
	return &userv1.KeysResponse{JwksJson: string(doc)}, err
}

func (s *server) GetProfile(ctx context.Context, _ *userv1.GetProfileRequest) (*userv1.GetProfileResponse, error) {
	id, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	u, err := s.service.Profile(ctx, id)
	return &userv1.GetProfileResponse{Profile: wireProfile(u)}, err
}

func (s *server) UpdateProfile(ctx context.Context, r *userv1.UpdateProfileRequest) (*userv1.UpdateProfileResponse, error) {
	id, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	u, err := s.service.Update(ctx, id, Change{Email: r.Email, Name: r.Name, Phone: r.Phone})
	return &userv1.UpdateProfileResponse{Profile: wireProfile(u)}, err
}

func (s *server) ListAddresses(ctx context.Context, _ *userv1.ListAddressesRequest) (*userv1.ListAddressesResponse, error) {
	id, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.service.Addresses(ctx, id)
	resp := &userv1.ListAddressesResponse{}
	for _, a := range all {
		resp.Addresses = append(resp.Addresses, wireAddress(a))
	}
	return resp, err
}

func (s *server) PutAddress(ctx context.Context, r *userv1.PutAddressRequest) (*userv1.PutAddressResponse, error) {
	id, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	w := r.GetAddress()
	a := Address{
		ID: AddressID(w.GetId()), Name: w.GetName(), Street: w.GetStreet(), Postcode: w.GetPostcode(), City: w.GetCity(), Country: w.GetCountry(),
	}
	return &userv1.PutAddressResponse{Address: wireAddress(a)}, s.service.PutAddress(ctx, id, a)
}

func (s *server) DeleteAddress(ctx context.Context, r *userv1.DeleteAddressRequest) (*userv1.DeleteAddressResponse, error) {
	id, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	return &userv1.DeleteAddressResponse{}, s.service.DeleteAddress(ctx, id, AddressID(r.GetId()))
}

// caller is the user whose token came with the call.
func caller(ctx context.Context) (ID, error) {
	who, err := auth.Require(ctx)
	return ID(who.UserID), err
}

func wireProfile(u User) *userv1.Profile {
	return &userv1.Profile{UserId: string(u.ID), Email: string(u.Email), Name: u.Name, Phone: u.Phone}
}

func wireTokens(t Tokens) *userv1.Tokens {
	return &userv1.Tokens{AccessToken: t.Access, ExpiresIn: int64(t.ExpiresIn.Seconds()), RefreshToken: t.Refresh}
}

func wireAddress(a Address) *userv1.Address {
	return &userv1.Address{Id: string(a.ID), Name: a.Name, Street: a.Street, Postcode: a.Postcode, City: a.City, Country: a.Country}
}
