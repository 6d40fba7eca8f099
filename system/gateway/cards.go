package gateway

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	paymentv1 "stormglass/system/api/payment/v1"
)

const tagOrders = "Orders"

type cardToken struct {
	Token string `json:"token" maxLength:"200" pattern:"^pm_[A-Za-z0-9_]+$" patternDescription:"the card processor's token (pm_…), never a card number" example:"pm_card_visa"`
}

type cardReference struct {
	CardRef string `json:"card_ref" doc:"Stands for the card in orders."`
}

type cardInput struct {
	Keyed
	Body cardToken
}
type cardOutput struct{ Body cardReference }

// webhookInput is a notice of the card processor, as it came: the signature is over its bytes.
type webhookInput struct {
	Signature string `header:"Stripe-Signature" required:"true" maxLength:"1000" doc:"the processor's signature over the body"`
	RawBody   []byte `contentType:"application/octet-stream"`
}

func (g *gateway) cardRoutes() {
	add(g, route{access: customers, buying: true}, huma.Operation{
		OperationID: "register-card", Method: http.MethodPost, Path: "/v1/cards", Tags: []string{tagOrders}, DefaultStatus: http.StatusCreated,
		Summary: "Trade the card processor's token for a reference to pay with",
		Description: "Card numbers never enter the shop: the client gets a token from the card processor and hands it over once. The same token " +
			"gives the same reference, whatever the Idempotency-Key.",
	}, g.registerCard)
	add(g, route{signed: true, buying: true}, huma.Operation{
		OperationID: "card-processor-webhook", Method: http.MethodPost, Path: "/v1/webhooks/card-processor", Hidden: true,
	}, g.webhook)
}

func (g *gateway) registerCard(ctx context.Context, in *cardInput) (*cardOutput, error) {
	resp, err := g.payment.RegisterCard(ctx, &paymentv1.RegisterCardRequest{Token: in.Body.Token, IdempotencyKey: in.Key})
	if err != nil {
		return nil, err
	}
	return &cardOutput{cardReference{resp.GetCardRef()}}, nil
}

func (g *gateway) webhook(ctx context.Context, in *webhookInput) (*none, error) {
	_, err := g.payment.DeliverWebhook(ctx, &paymentv1.DeliverWebhookRequest{Body: in.RawBody, Signature: in.Signature})
	return &none{}, err
}
