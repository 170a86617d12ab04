-- operation: REFRESH MATERIALIZED VIEW
-- lock: ACCESS EXCLUSIVE
-- on: names
-- order: any
-- before: CREATE MATERIALIZED VIEW names AS SELECT id, name FROM items
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
REFRESH MATERIALIZED VIEW names;
