package payment

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"stormglass/system/platform/money"
	"stormglass/system/platform/problem"
)

// booksPage is how many charges one answer lists; Stripe gives no more (https://docs.stripe.com/api/payment_intents/list).
const booksPage = 100

// rawBooked is a charge on the wire, with the card's charge in place of its id, and its refunds. The charge's own
// amount_refunded is not read: a refund counts in it that is pending, and may fail.
type rawBooked struct {
	ID           IntentID `json:"id"`
	Received     int64    `json:"amount_received"`
	Currency     string   `json:"currency"`
	LatestCharge *struct {
		Refunds struct {
			Data []rawRefund `json:"data"`
		} `json:"refunds"`
	} `json:"latest_charge"`
	Metadata struct {
		Order OrderID `json:"order_id"`
	} `json:"metadata"`
}

func (r rawBooked) booked() Booked {
	b := Booked{ID: r.ID, Order: r.Metadata.Order, Received: money.Of(r.Received, strings.ToUpper(r.Currency))}
	if r.LatestCharge != nil {
		for _, raw := range r.LatestCharge.Refunds.Data {
			b.Refunds = append(b.Refunds, raw.refund())
		}
	}
	return b
}

// List implements Books.
func (s *stripe) List(ctx context.Context, from, to time.Time, after IntentID) ([]Booked, bool, error) {
	query := url.Values{
		"created[gte]": {strconv.FormatInt(from.Unix(), 10)}, "created[lt]": {strconv.FormatInt(to.Unix(), 10)},
		"limit": {strconv.Itoa(booksPage)}, "expand[]": {"data.latest_charge.refunds"},
	}
	if after != "" {
		query.Set("starting_after", string(after))
	}
	body, err := s.call(ctx, "list payment intents", "/v1/payment_intents?"+query.Encode(), "", nil)
	if err != nil {
		return nil, false, err
	}
	var list struct {
		Data []rawBooked `json:"data"`
		More bool        `json:"has_more"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, false, problem.Wrap(err, problem.Unavailable, "processor_answer", "the card processor's list cannot be read")
	}
	page := make([]Booked, len(list.Data))
	for i, raw := range list.Data {
		page[i] = raw.booked()
	}
	return page, list.More && len(page) > 0, nil
}

// Look implements Books.
func (s *stripe) Look(ctx context.Context, id IntentID) (Booked, bool, error) {
	body, err := s.call(ctx, "look at payment intent", "/v1/payment_intents/"+url.PathEscape(string(id))+"?expand[]=latest_charge.refunds", "", nil)
	if refused, ok := errors.AsType[*refusal](err); ok && refused.Code == "resource_missing" {
		return Booked{}, false, nil
	}
	if err != nil {
		return Booked{}, false, err
	}
	var raw rawBooked
	if err := json.Unmarshal(body, &raw); err != nil {
		return Booked{}, false, problem.Wrap(err, problem.Unavailable, "processor_answer", "the card processor's answer cannot be read")
	}
	return raw.booked(), true, nil
}
