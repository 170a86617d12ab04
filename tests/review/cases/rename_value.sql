-- operation: ALTER TYPE RENAME VALUE
-- lock: none
-- on: items
-- order: expand-contract
-- before: CREATE TYPE size AS ENUM ('small', 'large')
-- old: SELECT 'small'::size
-- new: SELECT 'little'::size
ALTER TYPE size RENAME VALUE 'small' TO 'little';
