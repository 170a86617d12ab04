-- operation: CREATE TABLE with FOREIGN KEY
-- lock: SHARE ROW EXCLUSIVE
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT item_id FROM notes
CREATE TABLE notes (item_id bigint REFERENCES items);
