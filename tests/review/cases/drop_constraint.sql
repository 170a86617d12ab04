-- operation: DROP CONSTRAINT
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: schema-first
-- before: ALTER TABLE items ADD CONSTRAINT dear CHECK (price > 0)
-- old: INSERT INTO items (price) VALUES (1)
-- new: INSERT INTO items (price) VALUES (-1)
ALTER TABLE items DROP CONSTRAINT dear;
