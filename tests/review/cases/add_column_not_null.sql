-- operation: ADD COLUMN NOT NULL without default
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: expand-contract
-- before: DELETE FROM items
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: INSERT INTO items (name, owner) VALUES ('x', 'me')
ALTER TABLE items ADD COLUMN owner text NOT NULL;
