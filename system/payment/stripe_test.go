package payment

import (
	"net/http"
	"testing"

	"stormglass/system/platform/events"
)

// One customer with a slow card must not keep all others from paying: what a status says of one charge is no outage.
func TestStatusesSayWhetherTheProcessorIsAway(t *testing.T) {
	refused := []byte(`{"error":{"type":"invalid_request_error","code":"payment_intent_unexpected_state"}}`)
	for status, away := range map[int]bool{
		http.StatusBadRequest: false, http.StatusPaymentRequired: false, http.StatusNotFound: false, http.StatusConflict: false,
		http.StatusUnauthorized: true, http.StatusForbidden: true, http.StatusTooManyRequests: true,
		http.StatusInternalServerError: true, http.StatusServiceUnavailable: true,
	} {
		if err := verdict(status, refused); err == nil || events.Blameless(err) != away {
			t.Errorf("%d: got %v; want an error, of an outage: %v", status, err, away)
		}
	}
	if err := verdict(http.StatusOK, nil); err != nil {
		t.Errorf("200: got %v", err)
	}
}
