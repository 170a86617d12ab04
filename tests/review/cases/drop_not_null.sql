-- operation: DROP NOT NULL
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: schema-first
-- old: INSERT INTO items (name) VALUES ('x')
-- new: INSERT INTO items (price) VALUES (NULL)
ALTER TABLE items ALTER COLUMN price DROP NOT NULL;
