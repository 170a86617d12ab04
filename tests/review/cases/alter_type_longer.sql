-- operation: ALTER COLUMN TYPE, keeping the rows
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: schema-first
-- old: INSERT INTO items (code) VALUES ('a')
-- new: INSERT INTO items (code) VALUES ('a code of more than ten letters')
ALTER TABLE items ALTER COLUMN code TYPE varchar(40);
