-- +goose Up

-- Events that were committed with the state they speak of. sent_us is 0 until the broker has confirmed. Until lease_us
-- only the owner may send the event; afterwards anybody may. All times are microseconds since 1970, UTC.
CREATE TABLE outbox (
    id          TEXT   PRIMARY KEY,
    type        TEXT   NOT NULL,
    key         TEXT   NOT NULL,
    time_us     BIGINT NOT NULL,
    correlation TEXT   NOT NULL,
    trace       TEXT   NOT NULL, -- JSON object of strings
    data        BYTEA  NOT NULL,
    owner       TEXT   NOT NULL,
    lease_us    BIGINT NOT NULL,
    sent_us     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_us = 0;

-- How many sent events of a type were deleted from outbox.
CREATE TABLE outbox_pruned (
    type   TEXT   PRIMARY KEY,
    events BIGINT NOT NULL
);

-- Events whose effect is committed.
CREATE TABLE inbox (
    event_id   TEXT   NOT NULL,
    queue      TEXT   NOT NULL,
    type       TEXT   NOT NULL,
    applied_us BIGINT NOT NULL,
    PRIMARY KEY (event_id, queue)
);

-- What a batch of events takes while it is applied, so that instances take turns. It has no rows.
CREATE TABLE inbox_turn (
    nobody BIGINT
);

-- Attempts that an event has spent by its own fault.
CREATE TABLE inbox_attempts (
    event_id TEXT   NOT NULL,
    queue    TEXT   NOT NULL,
    attempts BIGINT NOT NULL,
    last_us  BIGINT NOT NULL,
    PRIMARY KEY (event_id, queue)
);

CREATE TABLE inbox_pruned (
    queue  TEXT   NOT NULL,
    type   TEXT   NOT NULL,
    events BIGINT NOT NULL,
    PRIMARY KEY (queue, type)
);

-- +goose Down
DROP TABLE inbox_pruned;
DROP TABLE inbox_attempts;
DROP TABLE inbox_turn;
DROP TABLE inbox;
DROP TABLE outbox_pruned;
DROP TABLE outbox;
