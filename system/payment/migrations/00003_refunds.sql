-- +goose Up
-- The states refund_pending and refund_failed, and how many refunds of a payment have failed. SQLite cannot change a CHECK, so
-- that the table is made anew, on both databases alike.
CREATE TABLE payments_new (
    order_id       TEXT   PRIMARY KEY,
    user_id        TEXT   NOT NULL,
    amount_minor   BIGINT NOT NULL,
    currency       TEXT   NOT NULL,
    card_ref       TEXT   NOT NULL,
    state          TEXT   NOT NULL CHECK (state IN ('waiting', 'due', 'completed', 'failed', 'cancelling', 'cancelled', 'refunding', 'refunded', 'refund_pending', 'refund_failed')),
    reason         TEXT   NOT NULL,
    intent_id      TEXT   NOT NULL,
    order_known    BIGINT NOT NULL,
    stock_reserved BIGINT NOT NULL,
    -- A version that knows nothing of it may still insert rows while this one is rolled out.
    refunds_failed BIGINT NOT NULL DEFAULT 0,
    attempts       BIGINT NOT NULL,
    origin         TEXT   NOT NULL,
    since_us       BIGINT NOT NULL,
    -- Nobody else works on it before lease_us, and nobody at all before next_us.
    lease_us       BIGINT NOT NULL,
    next_us        BIGINT NOT NULL
);
INSERT INTO payments_new (order_id, user_id, amount_minor, currency, card_ref, state, reason, intent_id, order_known, stock_reserved,
        attempts, origin, since_us, lease_us, next_us)
    SELECT order_id, user_id, amount_minor, currency, card_ref, state, reason, intent_id, order_known, stock_reserved,
        attempts, origin, since_us, lease_us, next_us FROM payments;
DROP TABLE payments;
ALTER TABLE payments_new RENAME TO payments;

CREATE INDEX payments_to_do ON payments (next_us, since_us) WHERE state IN ('due', 'cancelling', 'refunding');
CREATE INDEX payments_by_intent ON payments (intent_id);
CREATE INDEX payments_settled ON payments (since_us) WHERE state IN ('completed', 'failed', 'cancelled', 'refunded') AND intent_id <> '';
CREATE INDEX payments_refund_pending ON payments (next_us, since_us) WHERE state = 'refund_pending';
CREATE INDEX payments_refund_failed ON payments (since_us) WHERE state = 'refund_failed';
