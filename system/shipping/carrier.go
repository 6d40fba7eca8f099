package shipping

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
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

// carrierName is the one carrier that we book with.
const carrierName = "stormpost"

// carrier speaks the carrier's interface.
type carrier struct {
	tel  *telemetry.Telemetry
	http *http.Client
	base string
}

func newCarrier(tel *telemetry.Telemetry, link *resilience.Link, base string) (*carrier, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%w: CARRIER_URL must be such as https://carrier.example, not %q", boot.ErrUsage, base)
	}
	return &carrier{tel, &http.Client{Transport: resilience.Transport(link, nil)}, strings.TrimSuffix(base, "/")}, nil
}

// Book implements Carrier; the order's id is the key.
func (c *carrier) Book(ctx context.Context, order OrderID, to Address) (Parcel, error) {
	body, err := json.Marshal(map[string]any{"order_id": order, "address": to})
	if err != nil {
		return Parcel{}, fmt.Errorf("encode booking: %w", err)
	}
	return c.call(ctx, "book parcel", http.MethodPost, "/v1/parcels", string(order), body)
}

// Track implements Carrier.
func (c *carrier) Track(ctx context.Context, id ParcelID) (Parcel, error) {
	return c.call(ctx, "track parcel", http.MethodGet, "/v1/parcels/"+url.PathEscape(string(id)), "", nil)
}

// answer is what the carrier says: a parcel, or why not.
type answer struct {
	ID       ParcelID `json:"id"`
	Tracking string   `json:"tracking_number"`
	State    string   `json:"state"`
	Error    struct {
		Code string `json:"code"`
	} `json:"error"`
}

func (c *carrier) call(ctx context.Context, operation, method, path, key string, body []byte) (p Parcel, err error) {
	ctx, span := c.tel.Tracer("shipping").Start(ctx, operation, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("peer.service", "carrier")))
	defer func() {
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}()
	req, err := http.NewRequestWithContext(resilience.WithOperation(ctx, operation), method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return Parcel{}, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	c.tel.Propagator.Inject(ctx, propagation.HeaderCarrier(req.Header))
	resp, err := c.http.Do(req)
	if err != nil {
		return Parcel{}, err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return Parcel{}, fmt.Errorf("read answer: %w", err)
	}
	span.SetAttributes(attribute.Int("http.response.status_code", resp.StatusCode))
	return parcelOf(resp.StatusCode, content)
}

// parcelOf tells what an answer means: a parcel, an outage, a refusal for good, or something that we cannot make sense of.
func parcelOf(status int, content []byte) (Parcel, error) {
	var a answer
	unreadable := json.Unmarshal(content, &a)
	switch {
	case status == http.StatusTooManyRequests || status >= 500:
		return Parcel{}, problem.New(problem.Unavailable, "carrier_busy", "the carrier answered %d", status)
	case status == http.StatusConflict: // about this key alone: no reason to keep other parcels waiting
		return Parcel{}, problem.New(problem.Conflict, "carrier_conflict", "the carrier does not take this booking now")
	case status == http.StatusUnprocessableEntity || status == http.StatusBadRequest:
		return Parcel{}, &refusal{a.Error.Code}
	case status >= 300 || unreadable != nil || a.ID == "":
		return Parcel{}, problem.Wrap(unreadable, problem.Internal, "carrier_answer", "the carrier answered %d and nothing that can be read", status)
	}
	return Parcel{ID: a.ID, Carrier: carrierName, Tracking: a.Tracking, Dispatched: a.State == "dispatched"}, nil
}
