-- operation: SET STATISTICS
-- lock: SHARE UPDATE EXCLUSIVE
-- on: items
-- order: any
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
ALTER TABLE items ALTER COLUMN name SET STATISTICS 500;
