-- operation: DROP TABLE
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT label FROM kinds
DROP TABLE items;
