package cardprocessor

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/rs/zerolog"
)

// How events are delivered: at least once, in any order, until they are taken.
const (
	deliverers     = 4
	webhookTimeout = 2 * time.Second
	firstBackoff   = 100 * time.Millisecond
	lastBackoff    = 5 * time.Second
)

// Webhooks send a ledger's events to a shop.
type Webhooks struct {
	ledger *Ledger
	url    string
	secret string
	tracer opentracing.Tracer
	log    zerolog.Logger
	client *http.Client
}

func newWebhooks(l *Ledger, url, secret string, tracer opentracing.Tracer, log zerolog.Logger) *Webhooks {
	return &Webhooks{l, url, secret, tracer, log, &http.Client{
		Timeout: webhookTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: deliverers, IdleConnTimeout: time.Minute},
	}}
}

// Run delivers until ctx ends. What is left then is delivered by the next process.
func (h *Webhooks) Run(ctx context.Context) error {
	defer h.client.CloseIdleConnections()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var wg sync.WaitGroup
	for range deliverers {
		wg.Go(func() {
			if err := h.deliverAll(ctx); err != nil {
				fail(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

func (h *Webhooks) deliverAll(ctx context.Context) error {
	q := h.ledger.events
	for ctx.Err() == nil {
		d, wait := q.next(time.Now())
		if d == nil {
			pause(ctx, wait, q.wake)
			continue
		}
		if err := h.deliver(ctx, d); err != nil {
			h.log.Debug().Err(err).Str("event", d.ID).Int("attempt", d.attempts+1).Msg("webhook not taken")
			q.again(d, time.Now().Add(backoff(d.attempts)))
			continue
		}
		if err := h.ledger.delivered(d.ID); err != nil {
			return fmt.Errorf("write down delivery: %w", err)
		}
	}
	return nil
}

// pause waits, but not longer than ctx or than until something may be due earlier.
func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
}

// backoff doubles with each attempt; half of it is jitter.
func backoff(attempts int) time.Duration {
	d := lastBackoff
	if attempts < 6 {
		d = min(firstBackoff<<attempts, lastBackoff)
	}
	return d/2 + rand.N(d/2)
}

func (h *Webhooks) deliver(ctx context.Context, d *delivery) error {
	span := h.tracer.StartSpan("webhook "+d.Type, follows(h.tracer, d.Trace), ext.SpanKindRPCClient)
	defer span.Finish()
	span.SetTag("event", d.ID)
	if err := h.post(ctx, span, d.payload()); err != nil {
		ext.LogError(span, err)
		return err
	}
	return nil
}

func (h *Webhooks) post(ctx context.Context, span opentracing.Span, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make webhook: %w", err)
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Stripe-Signature", signature(time.Now(), body, h.secret))
	if err := h.tracer.Inject(span.Context(), opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(r.Header)); err != nil {
		return fmt.Errorf("inject trace context: %w", err)
	}
	response, err := h.client.Do(r)
	if err != nil {
		return fmt.Errorf("post webhook: %w", err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)); err != nil {
		return fmt.Errorf("read answer to webhook: %w", err)
	}
	ext.HTTPStatusCode.Set(span, uint16(response.StatusCode))
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("webhook was answered with status %d", response.StatusCode)
	}
	return nil
}

// signature is the header Stripe-Signature: the time and an HMAC-SHA256 of "time.body".
func signature(now time.Time, body []byte, secret string) string {
	t := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
