package cardprocessor

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"stormglass/system/platform/boot"
	"stormglass/system/standins/front"
)

type settings struct {
	HTTP string `env:"HTTP_ADDR,required,notEmpty"`
	Data string `env:"DATA,required,notEmpty"`
	// APIKey is what the shop identifies itself with.
	APIKey boot.Secret `env:"API_KEY,required,notEmpty"`
	// WebhookURL is where the shop wants to be told of events; empty: nowhere.
	WebhookURL string `env:"WEBHOOK_URL"`
	// WebhookSecret signs what is sent there.
	WebhookSecret boot.Secret `env:"WEBHOOK_SECRET"`
	// JaegerEndpoint takes spans by HTTP in Jaeger's thrift; empty: spans go nowhere.
	JaegerEndpoint string `env:"JAEGER_ENDPOINT"`
}

// slow is how long the slow test card takes.
const slow = 1500 * time.Millisecond

// refunds is how long a refund takes that a test card does not settle at once: days, in time-lapse.
const refunds = 2 * time.Second

// Run charges cards until the program stops.
func Run(ctx context.Context, rt *boot.Runtime) error {
	var s settings
	if err := boot.Settings(&s); err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	tracer, closer := newTracer(rt.Service, s.JaegerEndpoint, rt.Log)
	rt.OnStop("tracer", func(context.Context) error { return closer.Close() })
	ledger, err := OpenLedger(filepath.Join(s.Data, "ledger.jsonl"), Options{Slow: slow, Refunds: refunds, Notify: s.WebhookURL != ""})
	if err != nil {
		return err
	}
	rt.OnStop("ledger", func(context.Context) error { return ledger.Close() })
	rt.Go("refunds", ledger.SettleRefunds)
	if s.WebhookURL != "" {
		rt.Go("webhooks", newWebhooks(ledger, s.WebhookURL, string(s.WebhookSecret), tracer, rt.Log).Run)
	}
	api := &API{ledger, string(s.APIKey), tracer, rt.Log}
	return front.Serve(ctx, rt, s.HTTP, api.Routes())
}

func (s settings) check() error {
	if s.WebhookURL == "" {
		return nil
	}
	if u, err := url.Parse(s.WebhookURL); err != nil || u.Host == "" {
		return fmt.Errorf("%w: WEBHOOK_URL is no address such as http://127.0.0.1:8080/v1/webhooks/card-processor", boot.ErrUsage)
	}
	if s.WebhookSecret == "" {
		return fmt.Errorf("%w: WEBHOOK_URL is set, so WEBHOOK_SECRET must be too: it signs what is sent there", boot.ErrUsage)
	}
	return nil
}
