-- operation: CREATE UNIQUE INDEX
-- lock: SHARE
-- on: items
-- order: expand-contract
-- old: INSERT INTO items (code) VALUES ('a')
-- new: INSERT INTO items (code) VALUES ('b') ON CONFLICT (code) DO NOTHING
CREATE UNIQUE INDEX items_code_idx ON items (code);
