package product

import (
	"context"
	"slices"
	"time"

	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/telemetry"
)

// keeper is where products are kept.
type keeper interface {
	Product(ctx context.Context, id ID, instead func(context.Context, error) (Product, error)) (Product, error)
	Products(ctx context.Context, ids []ID) ([]Product, error)
	ChangePrice(ctx context.Context, id ID, price money.Money, now time.Time) (Product, error)
}

// Service is what can be done with the catalogue.
type Service struct {
	tel    *telemetry.Telemetry
	keeper keeper
	index  *index
	// age says how old this instance's copies may be; older ones than patience are not taken for the truth.
	age      func() time.Duration
	patience time.Duration
	now      func() time.Time
}

// Product gives a product to look at. While the documents are away that may be an old copy: whoever pays asks for
// Products.
func (s *Service) Product(ctx context.Context, id ID) (Product, error) {
	p, copied := s.index.copy(id)
	if copied && s.fresh() {
		return p, nil
	}
	return s.keeper.Product(ctx, id, func(ctx context.Context, err error) (Product, error) {
		if copied {
			return p, nil
		}
		return Product{}, err
	})
}

// Products gives those that exist among the ids, in no order and each once, at prices that are not older than patience.
func (s *Service) Products(ctx context.Context, ids []ID) ([]Product, error) {
	if len(ids) > mostIDs {
		var wrong problems
		wrong.unless(false, "ids", "at most %d at once", mostIDs)
		return nil, wrong.err()
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	var found []Product
	var missing []ID
	fresh := s.fresh()
	for _, id := range ids {
		if p, ok := s.index.copy(id); ok && fresh {
			found = append(found, p)
			continue
		}
		missing = append(missing, id)
	}
	if len(missing) == 0 {
		return found, nil
	}
	rest, err := s.keeper.Products(ctx, missing)
	return append(found, rest...), err
}

// Categories lists the parts of the catalogue with the number of products in each.
func (s *Service) Categories() []Category { return s.index.categories() }

// Search finds products. It needs no documents.
func (s *Service) Search(ctx context.Context, q Query) (Results, error) {
	if err := q.check(); err != nil {
		return Results{}, err
	}
	return s.index.search(ctx, q)
}

// ChangePrice sets a product's price. This instance knows it at once, the others after their next poll.
func (s *Service) ChangePrice(ctx context.Context, id ID, price money.Money) (Product, error) {
	if err := checkPrice(price); err != nil {
		return Product{}, err
	}
	p, err := s.keeper.ChangePrice(ctx, id, price, s.now())
	if err != nil {
		return Product{}, err
	}
	if _, err := s.index.put(p); err != nil {
		return Product{}, problem.Wrap(err, problem.Internal, "", "the price is changed, but searches do not know it yet")
	}
	s.tel.Log.Info().Ctx(ctx).Str("product_id", string(id)).Int64("price_minor", price.Minor).Msg("price changed")
	return p, nil
}

func (s *Service) fresh() bool { return s.age() <= s.patience }
