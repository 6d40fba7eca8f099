package gateway

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	userv1 "stormglass/system/api/user/v1"
)

const tagAccounts = "Accounts"

type profile struct {
	UserID string `json:"user_id"`
	Email  string `json:"email"`
	Name   string `json:"name"`
	Phone  string `json:"phone" doc:"E.164, or empty."`
}

func profileOf(p *userv1.Profile) profile {
	return profile{p.GetUserId(), p.GetEmail(), p.GetName(), p.GetPhone()}
}

type tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type" example:"Bearer"`
	ExpiresIn    int64  `json:"expires_in" doc:"Seconds until the access token expires."`
	RefreshToken string `json:"refresh_token" doc:"Good for one refresh."`
	UserID       string `json:"user_id,omitempty" doc:"Only after logging in."`
}

func tokensOf(t *userv1.Tokens, user string) tokens {
	return tokens{t.GetAccessToken(), "Bearer", t.GetExpiresIn(), t.GetRefreshToken(), user}
}

type registration struct {
	Email    string `json:"email" minLength:"3" maxLength:"254" pattern:"^[^@\\s]+@[^@\\s]+$" patternDescription:"an e-mail address" example:"ada@example.com"`
	Password string `json:"password" minLength:"8" maxLength:"200" example:"correct horse battery"`
	Name     string `json:"name" minLength:"1" maxLength:"200" example:"Ada Lovelace"`
	Phone    string `json:"phone,omitempty" maxLength:"16" pattern:"^(\\+[1-9][0-9]{6,14})?$" patternDescription:"a phone number with + and country code (E.164), or empty" example:"+4930123456"`
}

type credentials struct {
	Email    string `json:"email" minLength:"1" maxLength:"254" example:"ada@example.com"`
	Password string `json:"password" minLength:"1" maxLength:"200" example:"correct horse battery"`
}

type refreshToken struct {
	RefreshToken string `json:"refresh_token" minLength:"1" maxLength:"500"`
}

type profileChange struct {
	Email *string `json:"email,omitempty" minLength:"3" maxLength:"254" pattern:"^[^@\\s]+@[^@\\s]+$" patternDescription:"an e-mail address"`
	Name  *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Phone *string `json:"phone,omitempty" maxLength:"16" pattern:"^(\\+[1-9][0-9]{6,14})?$" patternDescription:"a phone number with + and country code (E.164), or empty"`
}

type registerInput struct {
	Keyed
	Body registration
}
type credentialsInput struct{ Body credentials }
type refreshInput struct{ Body refreshToken }
type profileChangeInput struct{ Body profileChange }

type none struct{}
type profileOutput struct{ Body profile }
type tokensOutput struct{ Body tokens }

func (g *gateway) accountRoutes() {
	add(g, route{}, huma.Operation{
		OperationID: "register", Method: http.MethodPost, Path: "/v1/users", Tags: []string{tagAccounts}, DefaultStatus: http.StatusCreated,
		Summary: "Make an account",
	}, g.register)
	add(g, route{}, huma.Operation{
		OperationID: "log-in", Method: http.MethodPost, Path: "/v1/sessions", Tags: []string{tagAccounts}, DefaultStatus: http.StatusCreated,
		Summary: "Log in",
	}, g.logIn)
	add(g, route{}, huma.Operation{
		OperationID: "refresh", Method: http.MethodPost, Path: "/v1/sessions/refresh", Tags: []string{tagAccounts},
		Summary:     "Trade a refresh token for new tokens",
		Description: "A refresh token is good for one refresh. When the answer is lost, repeat within ten seconds; later, the session ends.",
	}, g.refresh)
	add(g, route{}, huma.Operation{
		OperationID: "log-out", Method: http.MethodDelete, Path: "/v1/sessions", Tags: []string{tagAccounts},
		Summary: "Log out: the refresh token and all that came of it end",
	}, g.logOut)
	add(g, route{access: customers}, huma.Operation{
		OperationID: "get-profile", Method: http.MethodGet, Path: "/v1/me", Tags: []string{tagAccounts},
		Summary: "Read one's own profile",
	}, g.getProfile)
	add(g, route{access: customers}, huma.Operation{
		OperationID: "change-profile", Method: http.MethodPatch, Path: "/v1/me", Tags: []string{tagAccounts},
		Summary: "Change one's own profile",
	}, g.changeProfile)
}

func (g *gateway) register(ctx context.Context, in *registerInput) (*profileOutput, error) {
	resp, err := g.user.Register(ctx, &userv1.RegisterRequest{
		IdempotencyKey: in.Key, Email: in.Body.Email, Password: in.Body.Password, Name: in.Body.Name, Phone: in.Body.Phone,
	})
	if err != nil {
		return nil, err
	}
	return &profileOutput{profileOf(resp.GetProfile())}, nil
}

func (g *gateway) logIn(ctx context.Context, in *credentialsInput) (*tokensOutput, error) {
	resp, err := g.user.Login(ctx, &userv1.LoginRequest{Email: in.Body.Email, Password: in.Body.Password})
	if err != nil {
		return nil, err
	}
	return &tokensOutput{tokensOf(resp.GetTokens(), resp.GetUserId())}, nil
}

func (g *gateway) refresh(ctx context.Context, in *refreshInput) (*tokensOutput, error) {
	resp, err := g.user.Refresh(ctx, &userv1.RefreshRequest{RefreshToken: in.Body.RefreshToken})
	if err != nil {
		return nil, err
	}
	return &tokensOutput{tokensOf(resp.GetTokens(), "")}, nil
}

func (g *gateway) logOut(ctx context.Context, in *refreshInput) (*none, error) {
	_, err := g.user.Logout(ctx, &userv1.LogoutRequest{RefreshToken: in.Body.RefreshToken})
	return &none{}, err
}

func (g *gateway) getProfile(ctx context.Context, _ *none) (*profileOutput, error) {
	resp, err := g.user.GetProfile(ctx, &userv1.GetProfileRequest{})
	if err != nil {
		return nil, err
	}
	return &profileOutput{profileOf(resp.GetProfile())}, nil
}

func (g *gateway) changeProfile(ctx context.Context, in *profileChangeInput) (*profileOutput, error) {
	resp, err := g.user.UpdateProfile(ctx, &userv1.UpdateProfileRequest{Email: in.Body.Email, Name: in.Body.Name, Phone: in.Body.Phone})
	if err != nil {
		return nil, err
	}
	return &profileOutput{profileOf(resp.GetProfile())}, nil
}
