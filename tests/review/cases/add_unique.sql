-- operation: ADD UNIQUE
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- old: INSERT INTO items (code) VALUES ('a')
-- new: INSERT INTO items (code) VALUES ('b')
ALTER TABLE items ADD UNIQUE (code);
