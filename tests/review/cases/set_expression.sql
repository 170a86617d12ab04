-- operation: SET EXPRESSION
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: expand-contract
-- before: ALTER TABLE items ADD COLUMN twice integer GENERATED ALWAYS AS (price * 2) STORED
-- old: INSERT INTO items (name) VALUES ('x')
-- old: SELECT 1 / (twice - 3) FROM items
-- new: SELECT 1 / (twice - 2) FROM items
ALTER TABLE items ALTER COLUMN twice SET EXPRESSION AS (price * 3);
