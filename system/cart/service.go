package cart

import (
	"context"
	"fmt"

	"stormglass/system/platform/money"
	"stormglass/system/platform/telemetry"
)

// keeper is where carts are kept.
type keeper interface {
	Load(ctx context.Context, user UserID) (Cart, error)
	// Change applies a change to the cart as it is, however often that takes, and gives what came of it.
	Change(ctx context.Context, user UserID, change func(*Cart) error) (Cart, error)
	// ClearIf empties the cart if it is still of that version, and says whether it was.
	ClearIf(ctx context.Context, user UserID, version Version) (bool, error)
}

// goods is the product service.
type goods interface {
	Product(ctx context.Context, id ProductID) (title string, price money.Money, err error)
}

// Service is what can be done with carts.
type Service struct {
	tel    *telemetry.Telemetry
	keeper keeper
	goods  goods
}

// Get gives the user's cart.
func (s *Service) Get(ctx context.Context, user UserID) (Cart, error) {
	return s.keeper.Load(ctx, user)
}

// SetItem puts a product into the user's cart with exactly this quantity, at today's price.
func (s *Service) SetItem(ctx context.Context, user UserID, id ProductID, quantity int64) (Cart, error) {
	if err := checkLine(id, quantity); err != nil {
		return Cart{}, err
	}
	title, price, err := s.goods.Product(ctx, id)
	if err != nil {
		return Cart{}, fmt.Errorf("look product up: %w", err)
	}
	item := Item{Product: id, Title: title, Quantity: quantity, UnitPrice: price}
	return s.keeper.Change(ctx, user, func(c *Cart) error { return c.set(item) })
}

// RemoveItem takes a product out of the user's cart.
func (s *Service) RemoveItem(ctx context.Context, user UserID, id ProductID) (Cart, error) {
	return s.keeper.Change(ctx, user, func(c *Cart) error {
		c.remove(id)
		return nil
	})
}

// Clear empties the user's cart.
func (s *Service) Clear(ctx context.Context, user UserID) (Cart, error) {
	return s.keeper.Change(ctx, user, func(c *Cart) error {
		c.Items = nil
		return nil
	})
}

// ordered clears the cart that an order was made from. A cart that has changed since is the shopper's next one and
// stays; so the same order may be heard of twice.
func (s *Service) ordered(ctx context.Context, user UserID, version Version) error {
	cleared, err := s.keeper.ClearIf(ctx, user, version)
	if err != nil {
		return fmt.Errorf("clear ordered cart: %w", err)
	}
	if !cleared {
		s.tel.Log.Info().Ctx(ctx).Msg("cart changed since it was ordered, or is cleared already: it stays")
	}
	return nil
}
