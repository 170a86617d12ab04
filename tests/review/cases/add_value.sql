-- operation: ALTER TYPE ADD VALUE
-- lock: none
-- on: items
-- order: schema-first
-- before: CREATE TYPE size AS ENUM ('small', 'large')
-- old: SELECT 'small'::size
-- new: SELECT 'huge'::size
ALTER TYPE size ADD VALUE 'huge';
