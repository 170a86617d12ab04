-- operation: ALTER INDEX
-- lock: SHARE UPDATE EXCLUSIVE
-- on: items_name_idx
-- order: any
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
ALTER INDEX items_name_idx SET (fillfactor = 70);
