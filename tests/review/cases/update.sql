-- operation: INSERT, UPDATE or DELETE
-- lock: ROW EXCLUSIVE
-- on: items
-- order: any
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
UPDATE items SET price = 2;
