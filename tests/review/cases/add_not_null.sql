-- operation: ADD NOT NULL
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- old: INSERT INTO items (name) VALUES ('x')
-- new: INSERT INTO items (code) VALUES ('x')
ALTER TABLE items ADD CONSTRAINT coded NOT NULL code;
