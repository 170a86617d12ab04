-- operation: VACUUM
-- lock: SHARE UPDATE EXCLUSIVE
-- on: items
-- order: any
-- old: SELECT name FROM items
-- new: SELECT name FROM items
VACUUM items;
