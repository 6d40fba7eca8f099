package user

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"stormglass/system/platform/auth"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
)

// lives says how long what a login gives is good for.
type lives struct {
	Access  time.Duration
	Refresh time.Duration
	// Grace is how long a used refresh token still gives the successor that it gave before: an answer that was lost looks
	// like a stolen token otherwise.
	Grace time.Duration
}

// refreshToken is one row. The token itself is not in it.
type refreshToken struct {
	digest  string
	family  string
	user    ID
	issued  time.Time
	expires time.Time
	// used is zero until the token was traded for its successor, which is sealed with the token.
	used      time.Time
	successor string
	revoked   time.Time
}

// Tokens are what a client calls in a user's name with.
type Tokens struct {
	Access    string
	ExpiresIn time.Duration
	Refresh   string
}

// errRefresh is the answer to every token that gives no session, whatever the reason, because the client does the same.
func errRefresh() error {
	return problem.New(problem.Unauthenticated, "refresh_token_invalid", "this refresh token is not good (any more): log in again")
}

// Login opens a session. Whether the account or the password is wrong cannot be told from the answer, nor from how long
// it takes.
func (s *Service) Login(ctx context.Context, email, password string) (id ID, tokens Tokens, err error) {
	var c check
	c.that(normal(email) != "" && utf8.ValidString(email), "email", "the e-mail address of your account") // also one that is refused today
	c.that(password != "", "password", "your password")
	if err := c.err(); err != nil {
		return "", Tokens{}, err
	}
	u, err := s.prove(ctx, normal(email), password)
	if err != nil {
		return "", Tokens{}, err
	}
	renewed, err := s.renewed(ctx, u, password)
	if err != nil {
		return "", Tokens{}, err
	}
	token, row := s.issue(u.ID, uuid.NewString())
	err = s.db.InTx(ctx, "open session", func(ctx context.Context, tx *store.Tx) error {
		if err := renewPassword(ctx, tx, u, renewed); err != nil {
			return err
		}
		if err := insertRefreshToken(ctx, tx, row); err != nil {
			return err
		}
		tokens, err = s.tokens(ctx, tx, u, token)
		return err
	})
	return u.ID, tokens, err
}

// prove gives the account that the e-mail and the password belong to.
func (s *Service) prove(ctx context.Context, email Email, password string) (u User, err error) {
	var found bool
	err = s.db.Read(ctx, "find user by e-mail", func(ctx context.Context, tx *store.Tx) error {
		u, found, err = userByEmail(ctx, tx, email)
		return err
	})
	if err != nil {
		return User{}, err
	}
	if !found {
		u.Password = s.passwords.decoy
	}
	matches, err := s.passwords.matches(ctx, password, u.Password)
	if err != nil {
		return User{}, err
	}
	if !found || !matches {
		return User{}, problem.New(problem.Unauthenticated, "credentials_wrong", "there is no account with this e-mail and password")
	}
	return u, nil
}

// renewed hashes a password again whose hash was made at another cost than today's. A login is the only time when the
// password is there to do so.
func (s *Service) renewed(ctx context.Context, u User, password string) (hash, error) {
	if !s.passwords.dated(u.Password) {
		return u.Password, nil
	}
	return s.passwords.hash(ctx, password)
}

// Refresh trades a refresh token for a new pair. A token that was used longer ago than the grace is in two hands, and
// nobody knows which are the thief's: its whole family is revoked.
func (s *Service) Refresh(ctx context.Context, token string) (tokens Tokens, err error) {
	var refused error
	err = s.db.InTx(ctx, "refresh session", func(ctx context.Context, tx *store.Tx) error {
		tokens, refused = Tokens{}, nil
		row, found, err := refreshTokenByDigest(ctx, tx, digest(token))
		if err != nil {
			return err
		}
		now := s.now()
		switch {
		case !found, !row.revoked.IsZero(), now.After(row.expires):
			refused = errRefresh()
			return nil
		case !row.used.IsZero() && now.Sub(row.used) > s.lives.Grace:
			refused = errRefresh()
			return s.reuse(ctx, tx, row)
		}
		u, found, err := userByID(ctx, tx, row.user)
		if err != nil || !found {
			refused = errRefresh()
			return err
		}
		next, err := s.succeed(ctx, tx, row, token)
		if err != nil {
			return err
		}
		tokens, err = s.tokens(ctx, tx, u, next)
		return err
	})
	if err != nil {
		return Tokens{}, err
	}
	return tokens, refused
}

// succeed gives the token's successor: a new one, or the same again within the grace.
func (s *Service) succeed(ctx context.Context, tx *store.Tx, row refreshToken, token string) (string, error) {
	b, err := newBox(token, "successor of a refresh token")
	if err != nil {
		return "", err
	}
	if !row.used.IsZero() {
		next, err := b.open(row.successor, row.family)
		return string(next), err
	}
	next, nextRow := s.issue(row.user, row.family)
	if err := useRefreshToken(ctx, tx, row.digest, b.seal([]byte(next), row.family), nextRow.issued); err != nil {
		return "", err
	}
	return next, insertRefreshToken(ctx, tx, nextRow)
}

func (s *Service) reuse(ctx context.Context, tx *store.Tx, row refreshToken) error {
	tx.AfterCommit(func() {
		s.reused.Inc()
		s.tel.Log.Warn().Ctx(ctx).Str("user_id", string(row.user)).Str("family", row.family).Msg("refresh token used again after its grace: family revoked")
	})
	return revokeFamily(ctx, tx, row.family, s.now())
}

// Logout ends the session that the token belongs to. A token that is not known has no session to end.
func (s *Service) Logout(ctx context.Context, token string) error {
	return s.db.InTx(ctx, "close session", func(ctx context.Context, tx *store.Tx) error {
		row, found, err := refreshTokenByDigest(ctx, tx, digest(token))
		if err != nil || !found {
			return err
		}
		return revokeFamily(ctx, tx, row.family, s.now())
	})
}

// issue makes a refresh token and its row. The token is in hexadecimal, because the gateway knows such ids and never takes
// the digits in them for a card number.
func (s *Service) issue(user ID, family string) (token string, row refreshToken) {
	token = hex.EncodeToString(random(32))
	now := s.now()
	return token, refreshToken{digest: digest(token), family: family, user: user, issued: now, expires: now.Add(s.lives.Refresh)}
}

// tokens signs an access token to go with a refresh token.
func (s *Service) tokens(ctx context.Context, tx *store.Tx, u User, refresh string) (Tokens, error) {
	key, err := s.keys.signing(ctx, tx)
	if err != nil {
		return Tokens{}, err
	}
	access, err := auth.Sign(key, auth.Identity{UserID: string(u.ID), Roles: u.Roles}, s.now(), s.lives.Access)
	return Tokens{Access: access, ExpiresIn: s.lives.Access, Refresh: refresh}, err
}

// digest is what is kept of a refresh token. It is random enough to need no salt.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
