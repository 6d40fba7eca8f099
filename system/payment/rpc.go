package payment

import (
	"context"

	paymentv1 "stormglass/system/api/payment/v1"
	"stormglass/system/platform/auth"
	"stormglass/system/platform/boot"
)

// server puts the use cases on the wire.
type server struct {
	paymentv1.UnimplementedPaymentServiceServer
	service *Service
	// secret signs the processor's notices.
	secret boot.Secret
}

func (s *server) RegisterCard(ctx context.Context, r *paymentv1.RegisterCardRequest) (*paymentv1.RegisterCardResponse, error) {
	who, err := auth.Require(ctx)
	if err != nil {
		return nil, err
	}
	ref, err := s.service.RegisterCard(ctx, UserID(who.UserID), r.GetIdempotencyKey(), r.GetToken())
	return &paymentv1.RegisterCardResponse{CardRef: string(ref)}, err
}

func (s *server) GetPayment(ctx context.Context, r *paymentv1.GetPaymentRequest) (*paymentv1.GetPaymentResponse, error) {
	who, err := auth.Require(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.service.Get(ctx, UserID(who.UserID), OrderID(r.GetOrderId()))
	if err != nil {
		return nil, err
	}
	return &paymentv1.GetPaymentResponse{Payment: &paymentv1.Payment{
		OrderId: string(p.Order), State: wireStates[p.State], Amount: wireAmount(p), Reason: p.Reason,
	}}, nil
}

func (s *server) DeliverWebhook(ctx context.Context, r *paymentv1.DeliverWebhookRequest) (*paymentv1.DeliverWebhookResponse, error) {
	return &paymentv1.DeliverWebhookResponse{}, s.service.TakeNotice(ctx, s.secret, r.GetBody(), r.GetSignature())
}

// wireStates shows customers what they can make use of: work under way is one state, whichever step it is at.
var wireStates = map[State]paymentv1.State{
	Waiting:    paymentv1.State_STATE_WAITING,
	Due:        paymentv1.State_STATE_DUE,
	Completed:  paymentv1.State_STATE_COMPLETED,
	Failed:     paymentv1.State_STATE_FAILED,
	Cancelling: paymentv1.State_STATE_DUE,
	Cancelled:  paymentv1.State_STATE_CANCELLED,
	Refunding:  paymentv1.State_STATE_REFUNDING,
	Refunded:   paymentv1.State_STATE_REFUNDED,
	// Until the money is back, it is on its way, also while we look for another one.
	RefundPending: paymentv1.State_STATE_REFUNDING,
	RefundFailed:  paymentv1.State_STATE_REFUNDING,
}
