-- operation: RENAME FUNCTION
-- lock: none
-- on: items
-- order: expand-contract
-- before: CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
-- old: SELECT f()
-- new: SELECT g()
ALTER FUNCTION f() RENAME TO g;
