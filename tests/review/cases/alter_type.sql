-- operation: ALTER COLUMN TYPE
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: expand-contract
-- old: SELECT price + 1 FROM items
-- new: SELECT lower(price) FROM items
ALTER TABLE items ALTER COLUMN price TYPE text;
