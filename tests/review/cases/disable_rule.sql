-- operation: ENABLE or DISABLE RULE
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: any
-- before: CREATE RULE quiet AS ON DELETE TO items DO INSTEAD NOTHING
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
ALTER TABLE items DISABLE RULE quiet;
