-- operation: ADD EXCLUDE
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- old: INSERT INTO items (code) VALUES ('a')
-- new: INSERT INTO items (code) VALUES ('b')
ALTER TABLE items ADD CONSTRAINT apart EXCLUDE USING btree (code WITH =);
