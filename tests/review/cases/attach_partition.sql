-- operation: ATTACH PARTITION
-- lock: ACCESS EXCLUSIVE
-- on: week
-- order: schema-first
-- before: CREATE TABLE days (day integer) PARTITION BY RANGE (day)
-- before: CREATE TABLE week (day integer)
-- old: SELECT day FROM days
-- new: INSERT INTO days VALUES (1)
ALTER TABLE days ATTACH PARTITION week FOR VALUES FROM (1) TO (8);
