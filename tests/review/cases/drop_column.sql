-- operation: DROP COLUMN
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT id FROM items
ALTER TABLE items DROP COLUMN name;
