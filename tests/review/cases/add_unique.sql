-- operation: ADD UNIQUE
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: expand-contract
-- old: INSERT INTO items (code) VALUES ('a')
-- new: INSERT INTO items (code) VALUES ('b') ON CONFLICT (code) DO NOTHING
ALTER TABLE items ADD UNIQUE (code);
