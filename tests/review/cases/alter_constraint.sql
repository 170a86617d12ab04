-- operation: ALTER CONSTRAINT
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: any
-- before: ALTER TABLE items ADD CONSTRAINT items_kind FOREIGN KEY (kind_id) REFERENCES kinds NOT VALID
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
ALTER TABLE items ALTER CONSTRAINT items_kind DEFERRABLE INITIALLY DEFERRED;
