-- +goose Up
CREATE TABLE shipments (
    order_id  TEXT   PRIMARY KEY,
    user_id   TEXT   NOT NULL,
    address   TEXT   NOT NULL,
    state     TEXT   NOT NULL CHECK (state IN ('due', 'booked', 'dispatched', 'failed')),
    reason    TEXT   NOT NULL,
    parcel_id TEXT   NOT NULL,
    carrier   TEXT   NOT NULL,
    tracking  TEXT   NOT NULL,
    origin    TEXT   NOT NULL,
    attempts  BIGINT NOT NULL,
    since_us  BIGINT NOT NULL,
    lease_us  BIGINT NOT NULL,
    next_us   BIGINT NOT NULL
);
CREATE INDEX shipments_to_do ON shipments (next_us, since_us) WHERE state IN ('due', 'booked');
