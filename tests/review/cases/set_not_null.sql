-- operation: SET NOT NULL
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- old: INSERT INTO items (name) VALUES ('x')
-- new: INSERT INTO items (code) VALUES ('x')
ALTER TABLE items ALTER COLUMN code SET NOT NULL;
