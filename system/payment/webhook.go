package payment

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"stormglass/system/platform/boot"
	"stormglass/system/platform/problem"
	"stormglass/system/platform/store"
)

// tolerance is how old a notice may be, against replays (https://docs.stripe.com/webhooks#replay-attacks).
const tolerance = 5 * time.Minute

// notice is the part of a webhook event that we look at. It is a hint and no more: what became of a charge or a refund is read
// from the processor. Only that a refund has failed is taken from it.
type notice struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		Object struct {
			ID     string `json:"id"`
			Object string `json:"object"`
			Intent string `json:"payment_intent"`
			rawRefund
		} `json:"object"`
	} `json:"data"`
}

// failedRefund gives the refund that the notice says has failed. That is final, so that it needs no question: whatever else
// became of the charge, this refund gives nothing back any more.
func (n notice) failedRefund() (Refund, bool) {
	refund := n.Data.Object.refund()
	return refund, n.Data.Object.Object == "refund" && refund.Status.failed()
}

func (n notice) intent() IntentID {
	if n.Data.Object.Intent != "" {
		return IntentID(n.Data.Object.Intent)
	}
	return IntentID(n.Data.Object.ID)
}

// TakeNotice takes a webhook in: verified, once, and as a reason to look at its charge now.
func (s *Service) TakeNotice(ctx context.Context, secret boot.Secret, body []byte, signature string) error {
	if err := verify(secret, body, signature, s.now()); err != nil {
		return err
	}
	var n notice
	if err := json.Unmarshal(body, &n); err != nil || n.ID == "" {
		return problem.New(problem.Invalid, "notice_unreadable", "the body is not an event: send it exactly as it was signed")
	}
	refund, failed := n.failedRefund()
	if !failed {
		if known, err := s.known(ctx, n.intent()); known || err != nil {
			return err
		}
	}
	return s.db.InTx(ctx, "take notice", func(ctx context.Context, tx *store.Tx) error {
		fresh, err := tx.Exec(ctx, `INSERT INTO webhooks (event_id, received_us) VALUES ($1, $2) ON CONFLICT DO NOTHING`, n.ID, store.Micros(s.now()))
		if err != nil {
			return fmt.Errorf("insert webhook: %w", err)
		}
		if fresh == 0 {
			return nil
		}
		if failed {
			return s.refundHasFailed(ctx, tx, n.intent(), refund)
		}
		tx.AfterCommit(s.wake)
		return hasten(ctx, tx, n.intent())
	})
}

// RefundFailed takes in that a refund of a charge has failed, also one that had succeeded before.
func (s *Service) RefundFailed(ctx context.Context, id IntentID, refund Refund) error {
	return s.db.InTx(ctx, "note failed refund", func(ctx context.Context, tx *store.Tx) error {
		return s.refundHasFailed(ctx, tx, id, refund)
	})
}

func (s *Service) refundHasFailed(ctx context.Context, tx *store.Tx, id IntentID, refund Refund) error {
	before, known, err := byIntent(ctx, tx, id)
	if err != nil || !known || refund.Number != before.RefundsFailed || before.Reason == outOfBand {
		return err // news of an earlier refund, of somebody else's charge, or of money that is back on another way
	}
	switch before.State {
	case Refunding, RefundPending, Refunded:
		after := before
		wait := after.refundFailed(refund.Reason, s.refunds, s.now())
		_, err = s.replace(ctx, tx, before, after, wait)
	}
	return err
}

// known says that the charge is settled for good, so that a notice of it can tell nothing new. Most come after that.
func (s *Service) known(ctx context.Context, id IntentID) (settled bool, err error) {
	err = s.db.Read(ctx, "look at charge", func(ctx context.Context, tx *store.Tx) error {
		settled, err = settledCharge(ctx, tx, id)
		return err
	})
	return settled, err
}

// verify checks the header Stripe-Signature: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`, of which there may be several
// v1 while a secret is being changed.
func verify(secret boot.Secret, body []byte, header string, now time.Time) error {
	var stamp string
	var signatures []string
	for part := range strings.SplitSeq(header, ",") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(part), "="); name {
		case "t":
			stamp = value
		case "v1":
			signatures = append(signatures, value)
		}
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || len(signatures) == 0 {
		return problem.New(problem.Denied, "signature_missing", "the header Stripe-Signature must be t=…,v1=…")
	}
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s.%s", stamp, body) // a hash never fails to write
	want := mac.Sum(nil)
	for _, s := range signatures {
		if got, err := hex.DecodeString(s); err == nil && hmac.Equal(got, want) {
			if age := now.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
				return problem.New(problem.Denied, "signature_old", "the notice was signed more than %s away from now", tolerance)
			}
			return nil
		}
	}
	return problem.New(problem.Denied, "signature_wrong", "the signature does not fit the body: check the webhook's secret")
}
