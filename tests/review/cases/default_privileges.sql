-- operation: ALTER DEFAULT PRIVILEGES
-- lock: none
-- on: items
-- order: any
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app;
