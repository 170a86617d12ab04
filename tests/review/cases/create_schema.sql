-- operation: CREATE SCHEMA
-- lock: none
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: CREATE TABLE shop.notes ()
CREATE SCHEMA shop;
