package cart

import (
	"context"

	productv1 "stormglass/system/api/product/v1"
	"stormglass/system/platform/money"
)

// products is the product service.
type products struct {
	client productv1.ProductServiceClient
}

func (p products) Product(ctx context.Context, id ProductID) (string, money.Money, error) {
	resp, err := p.client.GetProduct(ctx, &productv1.GetProductRequest{Id: string(id)})
	if err != nil {
		return "", money.Money{}, err
	}
	price := resp.GetProduct().GetPrice()
	return resp.GetProduct().GetTitle(), money.Of(price.GetMinor(), price.GetCurrency()), nil
}
