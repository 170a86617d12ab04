-- operation: CREATE UNIQUE INDEX
-- lock: SHARE
-- on: items
-- order: code-first
-- old: INSERT INTO items (code) VALUES ('a')
-- new: INSERT INTO items (code) VALUES ('b')
CREATE UNIQUE INDEX items_code_idx ON items (code);
