-- +goose Up
-- A version of a cart is ordered at most once, whatever the idempotency keys. Orders that broke this rule before it was enforced
-- are kept as they are, because they may be paid and shipped: the first order of a cart keeps the cart, and each later one names it,
-- so that an operator can find them: SELECT id, duplicate_of FROM orders WHERE duplicate_of <> ''.
ALTER TABLE orders ADD COLUMN duplicate_of TEXT NOT NULL DEFAULT '';
UPDATE orders SET duplicate_of = (SELECT MIN(first.id) FROM orders first WHERE first.user_id = orders.user_id AND first.cart_version = orders.cart_version)
WHERE EXISTS (SELECT 1 FROM orders first WHERE first.user_id = orders.user_id AND first.cart_version = orders.cart_version AND first.id < orders.id);
CREATE UNIQUE INDEX orders_of_cart ON orders (user_id, cart_version) WHERE duplicate_of = '';

-- Each line of a cart is ordered at most once, also where the cart has changed since and still holds the line. Lines that were
-- ordered before this table existed are not in it.
CREATE TABLE ordered_lines (
    user_id      TEXT   NOT NULL,
    product_id   TEXT   NOT NULL,
    line_version BIGINT NOT NULL,
    order_id     TEXT   NOT NULL REFERENCES orders (id),
    PRIMARY KEY (user_id, product_id, line_version)
);
