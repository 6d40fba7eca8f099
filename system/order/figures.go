package order

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	goods "stormglass/system/api/catalogue"
	"stormglass/system/platform/telemetry"
)

// figures are what the business sees of orders.
type figures struct {
	orders, revenue *prometheus.CounterVec
	saga            *prometheus.HistogramVec
}

func newFigures(tel *telemetry.Telemetry) figures {
	f := figures{tel.Counter(telemetry.OrdersTotal), tel.Counter(telemetry.RevenueTotal), tel.Histogram(telemetry.SagaDuration)}
	for _, state := range []State{Pending, Confirmed, Shipped} {
		f.orders.WithLabelValues(string(state), "")
	}
	for _, reason := range []Reason{OutOfStock, PaymentDeclined, DeadlinePassed, ByCustomer, ShipmentFailed} {
		f.orders.WithLabelValues(string(Cancelled), string(reason))
	}
	for _, end := range []State{Shipped, Cancelled} {
		f.saga.WithLabelValues(string(end))
	}
	f.revenue.WithLabelValues(goods.Currency)
	return f
}

// entered counts an order into the state that it just reached.
func (f figures) entered(ctx context.Context, o Order) {
	f.orders.WithLabelValues(string(o.State), string(o.Reason)).Inc()
	if o.State == Confirmed {
		f.revenue.WithLabelValues(o.Total.Currency).Add(float64(o.Total.Minor))
	}
	if o.State.Final() {
		telemetry.Observe(ctx, f.saga.WithLabelValues(string(o.State)), o.Updated.Sub(o.Created).Seconds())
	}
}
