-- operation: ADD CHECK
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- old: INSERT INTO items (price) VALUES (-1)
-- new: INSERT INTO items (price) VALUES (1)
ALTER TABLE items ADD CONSTRAINT dear CHECK (price > 0);
