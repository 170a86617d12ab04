-- operation: TRUNCATE
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- old: SELECT 1 / count(*) FROM items
-- new: SELECT label FROM kinds
TRUNCATE items;
