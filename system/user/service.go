package user

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// mostAddresses is how many addresses one user may keep.
const mostAddresses = 50

// Outbox takes events into the transaction that makes them true.
type Outbox interface {
	Registered(ctx context.Context, tx *store.Tx, u User) error
	Changed(ctx context.Context, tx *store.Tx, u User) error
}

// Service holds the use cases.
type Service struct {
	tel       *telemetry.Telemetry
	db        *store.DB
	outbox    Outbox
	passwords *passwords
	keys      *keys
	lives     lives
	reused    prometheus.Counter
	now       func() time.Time
}

// Registration is what an account is made of.
type Registration struct {
	Key      string
	Email    string
	Password string
	Name     string
	Phone    string
}

// Register makes an account. The same key and request give the account that they gave before.
func (s *Service) Register(ctx context.Context, r Registration) (User, error) {
	if err := r.validate(); err != nil {
		return User{}, err
	}
	if u, found, err := s.repeated(ctx, r); found || err != nil {
		return u, err
	}
	hashed, err := s.passwords.hash(ctx, r.Password)
	if err != nil {
		return User{}, err
	}
	now := s.now()
	u := User{
		ID: ID(uuid.Must(uuid.NewV7()).String()), Email: normal(r.Email), Name: r.Name, Phone: r.Phone, Password: hashed,
		Roles: []string{}, Version: 1, Key: r.Key, Created: now, Updated: now,
	}
	err = s.db.InTx(ctx, "register user", func(ctx context.Context, tx *store.Tx) error {
		if err := insertUser(ctx, tx, u); err != nil {
			return err
		}
		return s.outbox.Registered(ctx, tx, u)
	})
	if errors.Is(err, store.ErrConflict) { // another request was faster: a repeat, or somebody with this e-mail
		if first, found, err := s.repeated(ctx, r); found || err != nil {
			return first, err
		}
	}
	if err != nil {
		return User{}, err
	}
	s.tel.Log.Info().Ctx(ctx).Str("user_id", string(u.ID)).Msg("user registered")
	return u, nil
}

// repeated gives the account that the registration's key made before, and refuses an e-mail that is taken.
func (s *Service) repeated(ctx context.Context, r Registration) (u User, found bool, err error) {
	var taken bool
	err = s.db.Read(ctx, "find registration", func(ctx context.Context, tx *store.Tx) error {
		if u, found, err = userByKey(ctx, tx, r.Key); found || err != nil {
			return err
		}
		_, taken, err = userByEmail(ctx, tx, normal(r.Email))
		return err
	})
	switch {
	case err != nil:
		return User{}, false, err
	case taken:
		return User{}, false, errTaken()
	case !found:
		return User{}, false, nil
	}
	same, err := s.passwords.matches(ctx, r.Password, u.Password)
	if err != nil {
		return User{}, false, err
	}
	if !same || u.Version == 1 && (u.Email != normal(r.Email) || u.Name != r.Name || u.Phone != r.Phone) {
		return User{}, false, problem.New(problem.Conflict, "idempotency_key_reused", "this Idempotency-Key was used for a different account: send a new key with each new account")
	}
	return u, true, nil
}

func errTaken() error {
	return problem.New(problem.Conflict, "email_taken", "there is an account with this e-mail already: log in, or use another e-mail")
}

// Profile gives an account.
func (s *Service) Profile(ctx context.Context, id ID) (u User, err error) {
	err = s.db.Read(ctx, "get user", func(ctx context.Context, tx *store.Tx) error {
		u, err = existing(ctx, tx, id)
		return err
	})
	return u, err
}

// Update changes a user's contact data, and tells everybody.
func (s *Service) Update(ctx context.Context, id ID, c Change) (u User, err error) {
	if err := c.validate(); err != nil {
		return User{}, err
	}
	err = s.db.InTx(ctx, "update user", func(ctx context.Context, tx *store.Tx) error {
		if u, err = existing(ctx, tx, id); err != nil || !u.apply(c, s.now()) {
			return err
		}
		if err := updateUser(ctx, tx, u); err != nil {
			return err
		}
		return s.outbox.Changed(ctx, tx, u)
	})
	if errors.Is(err, store.ErrConflict) {
		return User{}, errTaken()
	}
	return u, err
}

func existing(ctx context.Context, tx *store.Tx, id ID) (User, error) {
	u, found, err := userByID(ctx, tx, id)
	if err == nil && !found {
		err = problem.New(problem.NotFound, "user_not_found", "there is no such account (any more)")
	}
	return u, err
}

// Addresses gives a user's addresses.
func (s *Service) Addresses(ctx context.Context, id ID) (all []Address, err error) {
	err = s.db.Read(ctx, "list addresses", func(ctx context.Context, tx *store.Tx) error {
		all, err = addressesOf(ctx, tx, id)
		return err
	})
	return all, err
}

// PutAddress adds an address, or replaces the one with its id.
func (s *Service) PutAddress(ctx context.Context, owner ID, a Address) error {
	if err := a.validate(); err != nil {
		return err
	}
	return s.db.InTx(ctx, "put address", func(ctx context.Context, tx *store.Tx) error {
		if _, err := existing(ctx, tx, owner); err != nil {
			return err
		}
		if err := putAddress(ctx, tx, owner, a); err != nil {
			return err
		}
		all, err := addressesOf(ctx, tx, owner)
		if err == nil && len(all) > mostAddresses {
			err = problem.New(problem.Conflict, "too_many_addresses", "there are %d addresses already: delete one first", mostAddresses)
		}
		return err
	})
}

// DeleteAddress removes an address; one that is not there needs no removing.
func (s *Service) DeleteAddress(ctx context.Context, owner ID, id AddressID) error {
	var c check
	c.id(id)
	if err := c.err(); err != nil {
		return err
	}
	return s.db.InTx(ctx, "delete address", func(ctx context.Context, tx *store.Tx) error {
		return deleteAddress(ctx, tx, owner, id)
	})
}
