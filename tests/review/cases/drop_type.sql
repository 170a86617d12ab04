-- operation: DROP TYPE
-- lock: none
-- on: items
-- order: code-first
-- before: CREATE TYPE size AS ENUM ('small', 'large')
-- old: SELECT 'small'::size
-- new: SELECT name FROM items
DROP TYPE size;
