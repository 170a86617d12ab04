-- operation: DROP INDEX CONCURRENTLY
-- lock: SHARE UPDATE EXCLUSIVE
-- on: items
-- order: any
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
DROP INDEX CONCURRENTLY items_name_idx;
