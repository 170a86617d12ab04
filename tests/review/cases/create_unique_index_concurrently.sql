-- operation: CREATE UNIQUE INDEX CONCURRENTLY
-- lock: SHARE UPDATE EXCLUSIVE
-- on: items
-- order: code-first
-- old: INSERT INTO items (code) VALUES ('a')
-- new: INSERT INTO items (code) VALUES ('b')
CREATE UNIQUE INDEX CONCURRENTLY items_code_idx ON items (code);
