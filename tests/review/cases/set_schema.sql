-- operation: SET SCHEMA
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: expand-contract
-- before: CREATE SCHEMA shop
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM shop.items
ALTER TABLE items SET SCHEMA shop;
