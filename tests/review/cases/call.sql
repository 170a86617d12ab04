-- operation: CALL
-- lock: none
-- on: items
-- order: any
-- before: CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN NULL; END'
-- old: SELECT name FROM items
-- new: SELECT name FROM items
CALL p();
