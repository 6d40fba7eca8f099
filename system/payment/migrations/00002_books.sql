-- +goose Up
-- What was settled when, for comparing it with the card processor's books.
CREATE INDEX payments_settled ON payments (since_us) WHERE state IN ('completed', 'failed', 'cancelled', 'refunded') AND intent_id <> '';

-- Up to when that was done: one row.
CREATE TABLE books_compared (
    only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
    until_us BIGINT NOT NULL
);

-- The charges that did not agree when they were last looked at.
CREATE TABLE mismatches (
    intent_id TEXT   PRIMARY KEY,
    order_id  TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    found_us  BIGINT NOT NULL
);
