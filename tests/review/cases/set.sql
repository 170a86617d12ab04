-- operation: SET or transaction
-- lock: none
-- on: items
-- order: any
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
SET lock_timeout = '5s';
