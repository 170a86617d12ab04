-- operation: CREATE TABLE AS
-- lock: ACCESS SHARE
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM copies
CREATE TABLE copies AS SELECT * FROM items;
