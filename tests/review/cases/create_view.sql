-- operation: CREATE VIEW
-- lock: ACCESS SHARE
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM names
CREATE VIEW names AS SELECT name FROM items;
