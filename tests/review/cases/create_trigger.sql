-- operation: CREATE TRIGGER
-- lock: SHARE ROW EXCLUSIVE
-- on: items
-- order: any
-- before: CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT name FROM items
-- new: INSERT INTO items (name) VALUES ('x')
CREATE TRIGGER touched BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION touch();
