-- operation: ALTER SEQUENCE
-- lock: SHARE ROW EXCLUSIVE
-- on: tickets
-- order: any
-- before: CREATE SEQUENCE tickets
-- old: SELECT nextval('tickets')
-- new: SELECT nextval('tickets')
ALTER SEQUENCE tickets INCREMENT BY 5;
