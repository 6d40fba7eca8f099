-- +goose Up
-- A card is registered once for its user, whatever the idempotency keys: a further key gives the first reference, and is kept in a row
-- that names it. References of before that stand for one card stay valid; the first of them is the one that is given from now on.
ALTER TABLE cards ADD COLUMN same_as TEXT NOT NULL DEFAULT '';
UPDATE cards SET same_as = (SELECT MIN(first.ref) FROM cards first WHERE first.user_id = cards.user_id AND first.token = cards.token)
WHERE EXISTS (SELECT 1 FROM cards first WHERE first.user_id = cards.user_id AND first.token = cards.token AND first.ref < cards.ref);
CREATE UNIQUE INDEX cards_of_user ON cards (user_id, token) WHERE same_as = '';
