-- operation: RENAME COLUMN
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: expand-contract
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT title FROM items
ALTER TABLE items RENAME COLUMN name TO title;
