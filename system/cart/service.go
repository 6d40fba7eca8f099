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
	// Change applies a change to the cart as it is, however often that takes, and gives what came of it. The cart that is to be
	// changed has the version that it will have afterwards.
	Change(ctx context.Context, user UserID, change func(*Cart) error) (Cart, error)
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

// SetItem puts a product into the user's cart with exactly this quantity, at today's price. It gives the cart a new version,
// also where the cart held the same before.
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

// ordered removes the lines from which an order was made. Lines that were set after that version of the cart belong to the
// customer's next order and stay, so the event of an order may be delivered any number of times.
func (s *Service) ordered(ctx context.Context, user UserID, version Version) error {
	_, err := s.keeper.Change(ctx, user, func(c *Cart) error {
		c.removeOrdered(version)
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove ordered lines: %w", err)
	}
	return nil
}
