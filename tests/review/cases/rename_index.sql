-- operation: ALTER INDEX RENAME
-- lock: SHARE UPDATE EXCLUSIVE
-- on: items_name_idx
-- order: any
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
ALTER INDEX items_name_idx RENAME TO items_title_idx;
