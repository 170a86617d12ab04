-- operation: ADD UNIQUE USING INDEX
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: any
-- before: CREATE UNIQUE INDEX items_code_idx ON items (code)
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
ALTER TABLE items ADD CONSTRAINT items_code UNIQUE USING INDEX items_code_idx;
