-- operation: DROP FUNCTION
-- lock: none
-- on: items
-- order: code-first
-- before: CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 * 2'
-- old: SELECT twice(price) FROM items
-- new: SELECT name FROM items
DROP FUNCTION twice(integer);
