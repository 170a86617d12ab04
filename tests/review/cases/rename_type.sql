-- operation: ALTER TYPE
-- lock: none
-- on: items
-- order: expand-contract
-- before: CREATE TYPE size AS ENUM ('small', 'large')
-- old: SELECT 'small'::size
-- new: SELECT 'small'::extent
ALTER TYPE size RENAME TO extent;
