-- operation: SET IDENTITY
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: any
-- old: INSERT INTO items (name) VALUES ('x')
-- new: INSERT INTO items (name) VALUES ('x')
ALTER TABLE items ALTER COLUMN id SET START 1000;
