-- operation: CREATE RULE
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: any
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
CREATE RULE loud AS ON DELETE TO items DO ALSO NOTIFY items;
