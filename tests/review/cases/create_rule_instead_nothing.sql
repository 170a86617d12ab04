-- operation: CREATE RULE DO INSTEAD NOTHING
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- old: SELECT name FROM items
-- old: DELETE FROM items RETURNING name
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
CREATE RULE quiet AS ON DELETE TO items DO INSTEAD NOTHING;
