-- operation: SET DEFAULT
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: schema-first
-- before: ALTER TABLE items ALTER COLUMN code SET NOT NULL
-- old: INSERT INTO items (code) VALUES ('x')
-- new: INSERT INTO items (name) VALUES ('x')
ALTER TABLE items ALTER COLUMN code SET DEFAULT 'none';
