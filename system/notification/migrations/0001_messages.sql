-- +goose Up
CREATE TABLE contacts (
    user_id TEXT PRIMARY KEY,
    email   TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    phone   TEXT   NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE messages (
    id          TEXT PRIMARY KEY,
    event_id    TEXT   NOT NULL,
    channel     TEXT   NOT NULL CHECK (channel IN ('email', 'sms', 'push')),
    company     TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    user_id     TEXT   NOT NULL,
    order_id    TEXT   NOT NULL,
    facts       TEXT   NOT NULL,
    correlation TEXT   NOT NULL,
    trace       TEXT   NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('due', 'sent', 'failed', 'skipped')),
    reason      TEXT   NOT NULL,
    since_us    BIGINT NOT NULL,
    lease_us    BIGINT NOT NULL,
    next_us     BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    done_us     BIGINT NOT NULL,
    UNIQUE (event_id, channel)
);
CREATE INDEX messages_due ON messages (company, next_us, since_us) WHERE state = 'due';
CREATE INDEX messages_due_of_user ON messages (user_id) WHERE state = 'due';
