package payment

import (
	"github.com/prometheus/client_golang/prometheus"

	"stormglass/system/api/catalogue"
	"stormglass/system/platform/telemetry"
)

// figures are what the business sees of payments.
type figures struct{ payments, refunded *prometheus.CounterVec }

func newFigures(tel *telemetry.Telemetry) figures {
	f := figures{tel.Counter(telemetry.PaymentsTotal), tel.Counter(telemetry.RefundedTotal)}
	for _, s := range []State{Waiting, Due, Completed, Failed, Cancelling, Cancelled, Refunding, Refunded, RefundPending, RefundFailed} {
		f.payments.WithLabelValues(string(s))
	}
	f.refunded.WithLabelValues(catalogue.Currency)
	return f
}

func (f figures) entered(p Payment) {
	f.payments.WithLabelValues(string(p.State)).Inc()
	if p.State == Refunded {
		f.refunded.WithLabelValues(p.Amount.Currency).Add(float64(p.Amount.Minor))
	}
}
