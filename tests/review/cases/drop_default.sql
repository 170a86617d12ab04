-- operation: DROP DEFAULT
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- old: INSERT INTO items (name) VALUES ('x')
-- new: INSERT INTO items (name, price) VALUES ('x', 2)
ALTER TABLE items ALTER COLUMN price DROP DEFAULT;
