-- +goose Up
-- How many of a message's attempts ended with an answer, or before it went out. The others, attempts - answered, may each
-- have brought it.
ALTER TABLE messages ADD COLUMN answered BIGINT NOT NULL DEFAULT 0;
-- Nobody counted until now: what is final was answered, and what is due may be on its way.
UPDATE messages SET answered = attempts WHERE state <> 'due';
