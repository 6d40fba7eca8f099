package shop

import (
	"context"
	"errors"
	"net/http"
	"time"

	"stormglass/chaos/evidence"
	"stormglass/chaos/load"
	"stormglass/chaos/verdict"
)

// returningName is the name of the shopper who trades a refresh token first.
const returningName = "returning"

// mostRefreshes is how often a client sends a refresh token whose answer it did not get. Together they take less than the
// grace that the shop gives, 10 s.
const mostRefreshes = 12

// refreshAgainAfter is the pause before that.
const refreshAgainAfter = 300 * time.Millisecond

// tokens is a session's pair.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// renew trades the customer's refresh token for new tokens, as a client does that was away for a while. A client that got
// no answer sends the same token again: it has no other.
func (b *buyer) renew(ctx context.Context, v *load.Visit, who *customer) bool {
	name := opRefresh
	for range mostRefreshes {
		var fresh tokens
		err := v.Do(ctx, name, func(ctx context.Context, op *load.Operation) error {
			op.Set("user_id", who.id)
			r := request{method: http.MethodPost, path: "/v1/sessions/refresh", body: map[string]string{"refresh_token": who.refresh}}
			return b.client.do(ctx, op, r, &fresh)
		})
		if err == nil {
			who.token, who.refresh = fresh.Access, fresh.Refresh
			return true
		}
		if no, ok := errors.AsType[*refusal](err); ok && no.Status/100 == 4 && no.Status != http.StatusTooManyRequests {
			return false // the session is over
		}
		name = opRefreshRepeat
		select {
		case <-time.After(refreshAgainAfter):
		case <-ctx.Done():
			return false
		}
	}
	return false
}

// sessionsGoOn holds that a lost answer ended nobody's session. Only visits whose first answer was lost, and that got an answer
// in the end, count as compared: a session is over when the shop says so, not when it says nothing.
func sessionsGoOn(f *evidence.Folder) (verdict.Result, error) {
	first, last := map[int]load.Operation{}, map[int]load.Operation{}
	for _, o := range f.History {
		switch o.Name {
		case opRefresh:
			first[o.Visit], last[o.Visit] = o, o
		case opRefreshRepeat:
			last[o.Visit] = o
		}
	}
	var t tally
	unanswered := 0
	for _, o := range f.History { // in its order, so that the same evidence gives the same words
		if o.Name != opRefresh || o.Outcome != load.Unknown {
			continue
		}
		end := last[o.Visit]
		if end.Outcome != load.OK && !ownMistake(end) {
			unanswered++
			continue
		}
		t.expect(end.Outcome == load.OK, "customer %s lost the answer of a refresh, and its session; the last answer was: %s", o.Fields["user_id"], answer(end))
	}
	return t.result("%d refreshes, the answers of %d were lost at first, and of %d more for good", len(first), t.compared, unanswered), nil
}
