-- operation: CREATE SEQUENCE
-- lock: none
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT nextval('tickets')
CREATE SEQUENCE tickets;
