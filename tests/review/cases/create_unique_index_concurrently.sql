-- operation: CREATE UNIQUE INDEX CONCURRENTLY
-- lock: SHARE UPDATE EXCLUSIVE
-- on: items
-- order: expand-contract
-- old: INSERT INTO items (code) VALUES ('a')
-- new: INSERT INTO items (code) VALUES ('b') ON CONFLICT (code) DO NOTHING
CREATE UNIQUE INDEX CONCURRENTLY items_code_idx ON items (code);
