-- operation: ADD COLUMN, rewriting the table
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT token FROM items
ALTER TABLE items ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();
