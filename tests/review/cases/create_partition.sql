-- operation: CREATE PARTITION
-- lock: ACCESS EXCLUSIVE
-- on: days
-- order: schema-first
-- before: CREATE TABLE days (day integer) PARTITION BY RANGE (day)
-- old: SELECT day FROM days
-- new: INSERT INTO days VALUES (1)
CREATE TABLE week PARTITION OF days FOR VALUES FROM (1) TO (8);
