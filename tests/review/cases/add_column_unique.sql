-- operation: ADD COLUMN with a key or check
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: INSERT INTO items (slug) VALUES ('x')
ALTER TABLE items ADD COLUMN slug text UNIQUE;
