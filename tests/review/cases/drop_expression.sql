-- operation: DROP EXPRESSION
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: schema-first
-- before: ALTER TABLE items ADD COLUMN twice integer GENERATED ALWAYS AS (price * 2) STORED
-- old: INSERT INTO items (name) VALUES ('x')
-- new: UPDATE items SET twice = 7
ALTER TABLE items ALTER COLUMN twice DROP EXPRESSION;
