-- operation: RENAME TABLE
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: expand-contract
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM things
ALTER TABLE items RENAME TO things;
