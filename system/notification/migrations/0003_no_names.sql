-- +goose Up
-- Letters name nobody any more. The column stays while instances of the version before may write to it.
UPDATE contacts SET name = '';
