-- operation: ADD COLUMN with REFERENCES
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: INSERT INTO items (other_id) VALUES (1)
ALTER TABLE items ADD COLUMN other_id bigint REFERENCES kinds;
