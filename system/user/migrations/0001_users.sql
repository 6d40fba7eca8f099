-- +goose Up
CREATE TABLE users (
    id               TEXT PRIMARY KEY,
    email            TEXT   NOT NULL UNIQUE,
    name             TEXT   NOT NULL,
    phone            TEXT   NOT NULL,
    password         TEXT   NOT NULL,
    roles            TEXT   NOT NULL,
    version          BIGINT NOT NULL,
    registration_key TEXT   NOT NULL UNIQUE,
    created_us       BIGINT NOT NULL,
    updated_us       BIGINT NOT NULL
);

CREATE TABLE addresses (
    user_id  TEXT NOT NULL REFERENCES users (id),
    id       TEXT NOT NULL,
    name     TEXT NOT NULL,
    street   TEXT NOT NULL,
    postcode TEXT NOT NULL,
    city     TEXT NOT NULL,
    country  TEXT NOT NULL,
    PRIMARY KEY (user_id, id)
);

-- Signing keys. A key signs from signs_us on, until its successor does.
CREATE TABLE keys (
    sequence   BIGINT PRIMARY KEY,
    id         TEXT   NOT NULL UNIQUE,
    public     TEXT   NOT NULL,
    private    TEXT   NOT NULL,
    created_us BIGINT NOT NULL,
    signs_us   BIGINT NOT NULL
);

-- Refresh tokens, of which only the SHA-256 is kept. All that came from one login are a family. The successor of a used
-- one is sealed with the used one itself, which is not here.
CREATE TABLE refresh_tokens (
    digest     TEXT PRIMARY KEY,
    family     TEXT   NOT NULL,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    issued_us  BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    used_us    BIGINT NOT NULL,
    successor  TEXT   NOT NULL,
    revoked_us BIGINT NOT NULL
);
CREATE INDEX refresh_tokens_of_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires_us);
