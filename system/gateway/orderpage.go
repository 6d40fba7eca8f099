package gateway

import (
	"context"
	"sync"
	"time"

	orderv1 "stormglass/system/api/order/v1"
	paymentv1 "stormglass/system/api/payment/v1"
	shippingv1 "stormglass/system/api/shipping/v1"
	"stormglass/system/platform/problem"
)

type payment struct {
	State  string `json:"state" enum:"waiting,due,completed,failed,cancelled,refunding,refunded"`
	Amount money  `json:"amount"`
	Reason string `json:"reason,omitempty" doc:"Why it failed: the card processor's word, such as card_declined."`
}

type shipment struct {
	State          string `json:"state" enum:"due,booked,dispatched,failed"`
	Carrier        string `json:"carrier,omitempty"`
	TrackingNumber string `json:"tracking_number,omitempty"`
}

// orderPage is an order with what others know of it.
type orderPage struct {
	Order    order     `json:"order"`
	Payment  *payment  `json:"payment" doc:"Null before there is one, and while payment is away."`
	Shipment *shipment `json:"shipment" doc:"Null before there is one, and while shipping is away."`
	Degraded []string  `json:"degraded" nullable:"false" doc:"The parts that are missing because their service is away."`
}

// partLimit is how long a page waits for a part that it can do without: a few times the usual.
const partLimit = 400 * time.Millisecond

type orderPageOutput struct{ Body orderPage }

// getOrder asks order, payment and shipping side by side. Only the order itself is needed for an answer.
func (g *gateway) getOrder(ctx context.Context, in *orderPath) (*orderPageOutput, error) {
	var others sync.WaitGroup
	var paid *payment
	var sent *shipment
	var paidErr, sentErr error
	part, cancelPart := context.WithTimeout(ctx, partLimit)
	defer cancelPart()
	others.Go(func() { paid, paidErr = g.paymentOf(part, in.ID) })
	others.Go(func() { sent, sentErr = g.shipmentOf(part, in.ID) })
	resp, err := g.order.GetOrder(ctx, &orderv1.GetOrderRequest{OrderId: in.ID})
	if err != nil {
		cancelPart() // the other parts are of no use any more
	}
	others.Wait()
	if err != nil {
		return nil, err
	}
	page := orderPage{Order: orderOf(resp.GetOrder()), Payment: paid, Shipment: sent, Degraded: []string{}}
	if paidErr != nil {
		g.fellBack(ctx, "payment", "GetPayment", paidErr)
		page.Degraded = append(page.Degraded, "payment")
	}
	if sentErr != nil {
		g.fellBack(ctx, "shipping", "GetShipment", sentErr)
		page.Degraded = append(page.Degraded, "shipment")
	}
	return &orderPageOutput{page}, nil
}

// paymentOf gives the order's payment; that there is none yet is no error.
func (g *gateway) paymentOf(ctx context.Context, id string) (*payment, error) {
	resp, err := g.payment.GetPayment(ctx, &paymentv1.GetPaymentRequest{OrderId: id})
	if err != nil {
		return nil, unlessAbsent(err)
	}
	p := resp.GetPayment()
	return &payment{word(p.GetState()), moneyOf(p.GetAmount()), p.GetReason()}, nil
}

// shipmentOf gives the order's shipment; that there is none yet is no error.
func (g *gateway) shipmentOf(ctx context.Context, id string) (*shipment, error) {
	resp, err := g.shipping.GetShipment(ctx, &shippingv1.GetShipmentRequest{OrderId: id})
	if err != nil {
		return nil, unlessAbsent(err)
	}
	s := resp.GetShipment()
	return &shipment{word(s.GetState()), s.GetCarrier(), s.GetTrackingNumber()}, nil
}

func unlessAbsent(err error) error {
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	return err
}
