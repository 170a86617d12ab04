-- operation: VACUUM FULL
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: any
-- old: SELECT name FROM items
-- new: SELECT name FROM items
VACUUM FULL items;
