-- operation: RENAME TRIGGER or POLICY
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: any
-- before: CREATE POLICY p ON items USING (true)
-- old: SELECT name FROM items
-- new: SELECT name FROM items
ALTER POLICY p ON items RENAME TO q;
