package shipping

import (
	"context"

	shippingv1 "stormglass/system/api/shipping/v1"
	"stormglass/system/platform/auth"
)

// server puts the use cases on the wire.
type server struct {
	shippingv1.UnimplementedShippingServiceServer
	service *Service
}

var wireStates = map[State]shippingv1.State{
	Due:        shippingv1.State_STATE_DUE,
	Booked:     shippingv1.State_STATE_BOOKED,
	Dispatched: shippingv1.State_STATE_DISPATCHED,
	Failed:     shippingv1.State_STATE_FAILED,
}

func (s *server) GetShipment(ctx context.Context, r *shippingv1.GetShipmentRequest) (*shippingv1.GetShipmentResponse, error) {
	who, err := auth.Require(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.service.Get(ctx, UserID(who.UserID), OrderID(r.GetOrderId()))
	if err != nil {
		return nil, err
	}
	return &shippingv1.GetShipmentResponse{Shipment: &shippingv1.Shipment{
		OrderId: string(found.Order), State: wireStates[found.State], Carrier: found.Carrier, TrackingNumber: found.Tracking,
	}}, nil
}
