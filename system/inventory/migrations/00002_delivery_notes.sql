-- +goose Up
-- A supplier's delivery of a product is taken in once, whatever the idempotency keys. Restocks of before have no delivery note; what
-- was taken in twice then cannot be told from two deliveries, and stays.
ALTER TABLE restocks ADD COLUMN delivery_note TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX restocks_delivered ON restocks (delivery_note, product_id) WHERE delivery_note <> '';
