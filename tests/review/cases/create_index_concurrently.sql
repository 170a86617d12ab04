-- operation: CREATE INDEX CONCURRENTLY
-- lock: SHARE UPDATE EXCLUSIVE
-- on: items
-- order: any
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
CREATE INDEX CONCURRENTLY items_price_idx ON items (price);
