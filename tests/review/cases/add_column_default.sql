-- operation: ADD COLUMN
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT viewed_at FROM items
ALTER TABLE items ADD COLUMN viewed_at timestamptz NOT NULL DEFAULT now();
