-- operation: CREATE TABLE
-- lock: none
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT id FROM notes
CREATE TABLE notes (id bigint PRIMARY KEY);
