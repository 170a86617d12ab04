-- operation: OF or NOT OF
-- lock: ACCESS EXCLUSIVE
-- on: kinds
-- order: any
-- before: CREATE TYPE kind_type AS (id bigint, label text)
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
ALTER TABLE kinds OF kind_type;
