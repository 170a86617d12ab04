-- operation: DROP IDENTITY
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- old: INSERT INTO items (name) VALUES ('x')
-- new: INSERT INTO items (id) VALUES (77)
ALTER TABLE items ALTER COLUMN id DROP IDENTITY;
