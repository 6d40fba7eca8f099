package inventory

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"stormglass/system/platform/store"
	"stormglass/system/platform/telemetry"
)

// figures are what the business sees of stock.
type figures struct {
	// expired counts reservations that nobody decided about, short confirmed orders without goods.
	expired, short prometheus.Counter
	units          *prometheus.GaugeVec
	overdue        prometheus.Gauge
}

func newFigures(tel *telemetry.Telemetry) figures {
	return figures{
		expired: tel.Counter(telemetry.ReservationsDue).WithLabelValues(), short: tel.Counter(telemetry.ReservationsShort).WithLabelValues(),
		units: tel.Gauge(telemetry.StockReserved), overdue: tel.Gauge(telemetry.ReservationsOverdue).WithLabelValues(),
	}
}

// count adds up the stock, and the reservations that should have been given back by now.
func (s *Service) count(ctx context.Context) error {
	var sum Stock
	var held int64
	err := s.db.Read(ctx, "add up stock", func(ctx context.Context, tx *store.Tx) (err error) {
		if held, err = countOverdue(ctx, tx, s.now()); err == nil {
			sum, err = totals(ctx, tx)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.figures.units.WithLabelValues(string(available)).Set(float64(sum.Available))
	s.figures.units.WithLabelValues(string(reserved)).Set(float64(sum.Reserved))
	s.figures.units.WithLabelValues(string(sold)).Set(float64(sum.Sold))
	s.figures.overdue.Set(float64(held))
	return nil
}
