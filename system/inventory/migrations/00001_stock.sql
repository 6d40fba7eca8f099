-- +goose Up
CREATE TABLE stock (
    product_id TEXT   PRIMARY KEY,
    received   BIGINT NOT NULL,
    available  BIGINT NOT NULL CHECK (available >= 0),
    reserved   BIGINT NOT NULL CHECK (reserved >= 0),
    sold       BIGINT NOT NULL CHECK (sold >= 0),
    CHECK (available + reserved + sold = received)
);

CREATE TABLE reservations (
    order_id   TEXT   PRIMARY KEY,
    state      TEXT   NOT NULL CHECK (state IN ('reserved', 'committed', 'rejected', 'released', 'expired', 'short')),
    lines      TEXT   NOT NULL,
    expires_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL
);
CREATE INDEX reservations_open ON reservations (expires_us) WHERE state = 'reserved';

CREATE TABLE restocks (
    idempotency_key TEXT   PRIMARY KEY,
    product_id      TEXT   NOT NULL,
    quantity        BIGINT NOT NULL CHECK (quantity > 0),
    restocked_us    BIGINT NOT NULL
);
