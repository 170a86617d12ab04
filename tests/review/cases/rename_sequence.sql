-- operation: RENAME SEQUENCE
-- lock: ACCESS EXCLUSIVE
-- on: counted
-- order: expand-contract
-- before: CREATE SEQUENCE counted
-- old: SELECT nextval('counted')
-- new: SELECT nextval('numbered')
ALTER SEQUENCE counted RENAME TO numbered;
