-- +goose Up
CREATE TABLE orders (
    id              TEXT PRIMARY KEY,
    user_id         TEXT   NOT NULL,
    idempotency_key TEXT   NOT NULL,
    digest          TEXT   NOT NULL,
    state           TEXT   NOT NULL CHECK (state IN ('pending', 'confirmed', 'shipped', 'cancelled')),
    reason          TEXT   NOT NULL,
    items           TEXT   NOT NULL,
    total_minor     BIGINT NOT NULL CHECK (total_minor > 0),
    currency        TEXT   NOT NULL,
    address         TEXT   NOT NULL,
    card_ref        TEXT   NOT NULL,
    cart_version    BIGINT NOT NULL,
    created_us      BIGINT NOT NULL,
    updated_us      BIGINT NOT NULL,
    deadline_us     BIGINT NOT NULL,
    UNIQUE (user_id, idempotency_key)
);
CREATE INDEX orders_of_user ON orders (user_id, created_us, id);
CREATE INDEX orders_open ON orders (deadline_us) WHERE state = 'pending';
CREATE INDEX orders_confirmed ON orders (created_us) WHERE state = 'confirmed';
