-- operation: DETACH PARTITION CONCURRENTLY
-- lock: SHARE UPDATE EXCLUSIVE
-- on: days
-- order: code-first
-- before: CREATE TABLE days (day integer) PARTITION BY RANGE (day)
-- before: CREATE TABLE week PARTITION OF days FOR VALUES FROM (1) TO (8)
-- old: INSERT INTO days VALUES (1)
-- new: SELECT day FROM days
ALTER TABLE days DETACH PARTITION week CONCURRENTLY;
