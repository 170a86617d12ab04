-- operation: ADD COLUMN, rewriting the table
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT twice FROM items
ALTER TABLE items ADD COLUMN twice integer GENERATED ALWAYS AS (price * 2) STORED;
