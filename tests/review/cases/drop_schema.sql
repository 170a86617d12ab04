-- operation: DROP SCHEMA
-- lock: ACCESS EXCLUSIVE
-- on: shop.notes
-- order: code-first
-- before: CREATE SCHEMA shop; CREATE TABLE shop.notes (id bigint)
-- old: SELECT id FROM shop.notes
-- new: SELECT name FROM items
DROP SCHEMA shop CASCADE;
