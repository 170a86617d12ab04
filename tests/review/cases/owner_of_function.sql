-- operation: OWNER of an object
-- lock: none
-- on: items
-- order: any
-- before: CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
-- old: SELECT f()
-- new: SELECT f()
ALTER FUNCTION f() OWNER TO CURRENT_USER;
