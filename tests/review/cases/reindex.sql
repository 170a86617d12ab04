-- operation: REINDEX
-- lock: SHARE
-- on: items
-- order: any
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
REINDEX TABLE items;
