-- operation: GRANT
-- lock: ACCESS SHARE
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SET LOCAL ROLE app; TRUNCATE items
GRANT TRUNCATE ON items TO app;
