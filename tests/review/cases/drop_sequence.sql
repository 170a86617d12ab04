-- operation: DROP SEQUENCE
-- lock: ACCESS EXCLUSIVE
-- on: tickets
-- order: code-first
-- before: CREATE SEQUENCE tickets
-- old: SELECT nextval('tickets')
-- new: SELECT name FROM items
DROP SEQUENCE tickets;
