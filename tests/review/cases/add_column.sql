-- operation: ADD COLUMN
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: UPDATE items SET viewed_at = now()
ALTER TABLE items ADD COLUMN viewed_at timestamptz;
