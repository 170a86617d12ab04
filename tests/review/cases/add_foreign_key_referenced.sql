-- operation: ADD FOREIGN KEY
-- lock: SHARE ROW EXCLUSIVE
-- on: kinds
-- order: code-first
-- old: INSERT INTO items (kind_id) VALUES (9)
-- new: INSERT INTO items (kind_id) VALUES (1)
ALTER TABLE items ADD FOREIGN KEY (kind_id) REFERENCES kinds;
