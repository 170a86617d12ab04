-- operation: INHERIT
-- lock: ACCESS EXCLUSIVE
-- on: kinds
-- order: any
-- before: CREATE TABLE parents (label text)
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
ALTER TABLE kinds INHERIT parents;
