-- +goose Up
CREATE TABLE cards (
    ref             TEXT   PRIMARY KEY,
    user_id         TEXT   NOT NULL,
    idempotency_key TEXT   NOT NULL,
    token           TEXT   NOT NULL,
    registered_us   BIGINT NOT NULL,
    UNIQUE (user_id, idempotency_key)
);

CREATE TABLE payments (
    order_id       TEXT   PRIMARY KEY,
    user_id        TEXT   NOT NULL,
    amount_minor   BIGINT NOT NULL,
    currency       TEXT   NOT NULL,
    card_ref       TEXT   NOT NULL,
    state          TEXT   NOT NULL CHECK (state IN ('waiting', 'due', 'completed', 'failed', 'cancelling', 'cancelled', 'refunding', 'refunded')),
    reason         TEXT   NOT NULL,
    intent_id      TEXT   NOT NULL,
    order_known    BIGINT NOT NULL,
    stock_reserved BIGINT NOT NULL,
    attempts       BIGINT NOT NULL,
    origin         TEXT   NOT NULL,
    since_us       BIGINT NOT NULL,
    -- Nobody else works on it before lease_us, and nobody at all before next_us.
    lease_us       BIGINT NOT NULL,
    next_us        BIGINT NOT NULL
);
CREATE INDEX payments_to_do ON payments (next_us, since_us) WHERE state IN ('due', 'cancelling', 'refunding');
CREATE INDEX payments_by_intent ON payments (intent_id);

CREATE TABLE webhooks (
    event_id    TEXT   PRIMARY KEY,
    received_us BIGINT NOT NULL
);
