package payment

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"stormglass/system/platform/telemetry"
)

// bookFigures tell how far the books are compared, and what did not agree.
type bookFigures struct {
	mismatches *prometheus.GaugeVec
	failed     prometheus.Gauge
	compared   prometheus.Counter
	unchecked  prometheus.Gauge
}

func newBookFigures(tel *telemetry.Telemetry) bookFigures {
	f := bookFigures{tel.Gauge(telemetry.LedgerMismatches), tel.Gauge(telemetry.RefundsFailed).WithLabelValues(), tel.Counter(telemetry.LedgerCompared).WithLabelValues(), tel.Gauge(telemetry.LedgerUnchecked).WithLabelValues()}
	for _, k := range kinds() {
		f.mismatches.WithLabelValues(string(k))
	}
	return f
}

// note counts a comparison, and writes down what it came to if that is news.
func (r *reconciler) note(ctx context.Context, c charge) error {
	r.figures.compared.Inc()
	if refund, found := c.failedRefund(); found { // and no webhook told of it, or it is on its way
		if err := r.refundFailed(ctx, c.id, refund); err != nil {
			return err
		}
		r.tel.Log.Error().Str("order_id", string(c.order())).Str("intent_id", string(c.id)).Str("reason", refund.Reason).Msg("a refund failed after it had succeeded")
		c.ours.State = RefundPending
	}
	kind, before := c.disagreement(), r.open[c.id]
	switch {
	case kind == before:
		return nil
	case kind == "":
		if err := r.forget(ctx, c.id); err != nil {
			return err
		}
		delete(r.open, c.id)
		r.tel.Log.Info().Str("order_id", string(c.order())).Str("intent_id", string(c.id)).Msg("the books agree again")
		return nil
	}
	if err := r.keep(ctx, c, kind); err != nil {
		return err
	}
	r.open[c.id] = kind
	r.log(c, kind)
	return nil
}

func (r *reconciler) log(c charge, kind Kind) {
	event := r.tel.Log.Error().Str("order_id", string(c.order())).Str("intent_id", string(c.id)).Str("kind", string(kind))
	if c.ours != nil {
		event = event.Str("state", string(c.ours.State)).Int64("owed_minor", c.ours.owed().Minor)
	}
	if c.theirs != nil {
		event = event.Int64("kept_minor", c.theirs.Kept().Minor).Str("currency", c.theirs.Received.Currency)
	}
	event.Msg("our books and the card processor's do not agree")
}

// tell sets the gauges to what does not agree, and to how far back nothing is compared.
func (r *reconciler) tell() {
	if !r.until.IsZero() {
		r.figures.unchecked.Set(r.now().Sub(r.until).Seconds())
	}
	count := map[Kind]int{}
	for _, kind := range r.open {
		count[kind]++
	}
	for _, kind := range kinds() {
		r.figures.mismatches.WithLabelValues(string(kind)).Set(float64(count[kind]))
	}
}
