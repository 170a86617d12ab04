-- operation: ADD COLUMN, DROP COLUMN
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: expand-contract
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT title FROM items
ALTER TABLE items ADD COLUMN title text, DROP COLUMN name;
