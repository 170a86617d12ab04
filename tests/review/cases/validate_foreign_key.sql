-- operation: VALIDATE CONSTRAINT
-- lock: SHARE UPDATE EXCLUSIVE
-- on: items
-- order: any
-- before: ALTER TABLE items ADD CONSTRAINT items_kind FOREIGN KEY (kind_id) REFERENCES kinds NOT VALID
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
ALTER TABLE items VALIDATE CONSTRAINT items_kind;
