package payment

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/resilience"
	"stormglass/system/platform/telemetry"
)

// stripe speaks the part of Stripe's API that charges and refunds need (https://docs.stripe.com/api/payment_intents).
type stripe struct {
	tracer trace.Tracer
	http   *http.Client
	base   string
	key    boot.Secret
}

func newStripe(tel *telemetry.Telemetry, link *resilience.Link, base string, key boot.Secret) (*stripe, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%w: PROCESSOR_URL must be such as https://api.stripe.com, not %q", boot.ErrUsage, base)
	}
	return &stripe{tel.Tracer("payment"), &http.Client{Transport: resilience.Transport(link, nil)}, strings.TrimSuffix(base, "/"), key}, nil
}

// Create implements Processor. A token that the processor does not know gives an Intent that is declined and has no id.
func (s *stripe) Create(ctx context.Context, p Payment, token string) (Intent, error) {
	intent, err := s.intent(ctx, "create payment intent", "/v1/payment_intents", string(p.Order)+"-create", url.Values{
		"amount": {strconv.FormatInt(p.Amount.Minor, 10)}, "currency": {strings.ToLower(p.Amount.Currency)},
		"payment_method": {token}, "metadata[order_id]": {string(p.Order)}, "confirm": {"false"}, "payment_method_types[]": {"card"},
	})
	if refused, ok := errors.AsType[*refusal](err); ok && refused.Type == "invalid_request_error" {
		return Intent{Declined: refused.word()}, nil
	}
	return intent, err
}

// Confirm implements Processor.
func (s *stripe) Confirm(ctx context.Context, p Payment) (Intent, error) {
	return s.orRead(ctx, p, "confirm payment intent", "/confirm", "-confirm")
}

// Cancel implements Processor.
func (s *stripe) Cancel(ctx context.Context, p Payment) (Intent, error) {
	return s.orRead(ctx, p, "cancel payment intent", "/cancel", "-cancel")
}

// orRead does something to a charge; where the charge's state no longer allows it, reading tells where it is instead.
func (s *stripe) orRead(ctx context.Context, p Payment, operation, action, key string) (Intent, error) {
	intent, err := s.intent(ctx, operation, "/v1/payment_intents/"+url.PathEscape(string(p.Intent))+action, string(p.Order)+key, url.Values{})
	if refused, ok := errors.AsType[*refusal](err); ok && refused.Code == "payment_intent_unexpected_state" {
		return s.Read(ctx, p.Intent)
	}
	return intent, err
}

// Read implements Processor.
func (s *stripe) Read(ctx context.Context, id IntentID) (Intent, error) {
	return s.intent(ctx, "read payment intent", "/v1/payment_intents/"+url.PathEscape(string(id)), "", nil)
}

// Refund implements Processor. It looks before it asks: an answer under a key that was used before tells what the refund's
// status was then, and a key is forgotten after a day.
func (s *stripe) Refund(ctx context.Context, p Payment) (Refund, error) {
	booked, known, err := s.Look(ctx, p.Intent)
	if err != nil {
		return Refund{}, err
	}
	if !known || booked.Received.Minor == 0 {
		return Refund{}, problem.New(problem.Internal, "nothing_to_refund", "the card processor took nothing by charge %s: compare the charge with payment's table", p.Intent)
	}
	if refund, found := booked.refund(p.RefundsFailed); found {
		return refund, nil
	}
	number := strconv.FormatInt(p.RefundsFailed, 10)
	body, err := s.call(ctx, "create refund", "/v1/refunds", string(p.Order)+"-refund-"+number, url.Values{
		"payment_intent": {string(p.Intent)}, "metadata[order_id]": {string(p.Order)}, "metadata[refund]": {number},
	})
	if refused, ok := errors.AsType[*refusal](err); ok && refused.Type == "invalid_request_error" {
		if refused.Code == "charge_already_refunded" { // by somebody else, since we looked: the next look tells
			return Refund{Number: p.RefundsFailed, Status: RefundProcessing}, nil
		}
		return Refund{Number: p.RefundsFailed, Status: RefundDeclined, Reason: refused.word()}, nil
	}
	if err != nil {
		return Refund{}, err
	}
	var raw rawRefund
	if err := json.Unmarshal(body, &raw); err != nil || raw.Status == "" {
		return Refund{}, problem.Wrap(err, problem.Unavailable, "processor_answer", "the card processor's answer cannot be read")
	}
	return raw.refund(), nil
}

// rawRefund is a refund on the wire.
type rawRefund struct {
	Amount   int64        `json:"amount"`
	Status   RefundStatus `json:"status"`
	Failure  string       `json:"failure_reason"`
	Metadata struct {
		Number string `json:"refund"`
	} `json:"metadata"`
}

// refund reads one that was made by hand, or before refunds were numbered, as the first one.
func (r rawRefund) refund() Refund {
	number, _ := strconv.ParseInt(r.Metadata.Number, 10, 64) // 0 where there is none
	refund := Refund{Number: number, Amount: r.Amount, Status: r.Status}
	if refund.Status.failed() {
		refund.Reason = cmp.Or(r.Failure, "unknown")
	}
	return refund
}

// refusal is the processor's answer to a request that it will not fulfil.
type refusal struct {
	Type        string     `json:"type"`
	Code        string     `json:"code"`
	DeclineCode string     `json:"decline_code"`
	Message     string     `json:"message"`
	Intent      *rawIntent `json:"payment_intent"`
}

func (r *refusal) Error() string { return fmt.Sprintf("processor refused: %s %s", r.Type, r.Code) }

// word is the most exact reason that the refusal gives.
func (r *refusal) word() string {
	if r.DeclineCode != "" {
		return r.DeclineCode
	}
	return r.Code
}

// rawIntent is a charge on the wire.
type rawIntent struct {
	ID        IntentID `json:"id"`
	Status    Status   `json:"status"`
	LastError *refusal `json:"last_payment_error"`
}

func (r rawIntent) intent() Intent {
	i := Intent{ID: r.ID, Status: r.Status}
	if r.LastError != nil && r.Status == NeedsMethod {
		i.Declined = r.LastError.word()
	}
	return i
}

// intent makes a call that answers with a charge. A card that was declined is an answer too.
func (s *stripe) intent(ctx context.Context, operation, path, key string, form url.Values) (Intent, error) {
	body, err := s.call(ctx, operation, path, key, form)
	if refused, ok := errors.AsType[*refusal](err); ok && refused.Type == "card_error" {
		declined := Intent{Status: NeedsMethod, Declined: refused.word()}
		if refused.Intent != nil {
			declined.ID = refused.Intent.ID
		}
		return declined, nil
	}
	if err != nil {
		return Intent{}, err
	}
	var raw rawIntent
	if err := json.Unmarshal(body, &raw); err != nil || raw.ID == "" {
		return Intent{}, problem.Wrap(err, problem.Unavailable, "processor_answer", "the card processor's answer cannot be read")
	}
	return raw.intent(), nil
}

// call makes one request: a form that is posted, or a read when there is none.
func (s *stripe) call(ctx context.Context, operation, path, key string, form url.Values) (body []byte, err error) {
	ctx, span := s.tracer.Start(ctx, operation, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("peer.service", "card-processor")))
	defer func() {
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}()
	req, err := s.request(resilience.WithOperation(ctx, operation), path, key, form)
	if err != nil {
		return nil, err
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	span.SetAttributes(attribute.Int("http.response.status_code", resp.StatusCode))
	return body, verdict(resp.StatusCode, body)
}

func (s *stripe) request(ctx context.Context, path, key string, form url.Values) (*http.Request, error) {
	method := http.MethodPost
	if form == nil {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+string(s.key))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	telemetry.InjectLegacy(ctx, propagation.HeaderCarrier(req.Header)) // the processor knows Jaeger's own header only
	return req, nil
}

// verdict tells what a status means: an outage, a refusal, something to ask again for, or nothing wrong.
func verdict(status int, body []byte) error {
	if status < 300 {
		return nil
	}
	if status == http.StatusConflict { // the same key is being worked on this moment: that says nothing about other charges
		return problem.New(problem.Conflict, "charge_locked", "the card processor is still at work on this charge")
	}
	if status == http.StatusTooManyRequests || status >= 500 {
		return problem.New(problem.Unavailable, "processor_busy", "the card processor answered %d", status)
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return problem.New(problem.Unavailable, "processor_key", "the card processor does not accept our key: check PROCESSOR_KEY")
	}
	var answer struct {
		Error refusal `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Error.Type == "" {
		return problem.New(problem.Internal, "processor_answer", "the card processor answered %d and nothing that can be read", status)
	}
	return &answer.Error
}
