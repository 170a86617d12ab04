-- operation: SET IDENTITY ALWAYS
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- old: INSERT INTO items (id, name) VALUES (99, 'x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
ALTER TABLE items ALTER COLUMN id SET GENERATED ALWAYS;
