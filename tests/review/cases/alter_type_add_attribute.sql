-- operation: ALTER TYPE ADD ATTRIBUTE
-- lock: none
-- on: items
-- order: expand-contract
-- before: CREATE TYPE place AS (street text)
-- old: SELECT ROW('a')::place
-- new: SELECT ROW('a', 'b')::place
ALTER TYPE place ADD ATTRIBUTE town text;
