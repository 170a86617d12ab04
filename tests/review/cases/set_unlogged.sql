-- operation: SET LOGGED or UNLOGGED
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: any
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
ALTER TABLE items SET UNLOGGED;
