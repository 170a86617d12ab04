-- operation: ALTER VIEW SET
-- lock: ACCESS EXCLUSIVE
-- on: names
-- order: code-first
-- before: CREATE VIEW names AS SELECT name FROM items
-- before: GRANT SELECT ON names TO app
-- before: REVOKE ALL ON items FROM app
-- old: SET LOCAL ROLE app; SELECT name FROM names
-- new: SELECT name FROM items
ALTER VIEW names SET (security_invoker = true);
