-- operation: CREATE TYPE
-- lock: none
-- on: items
-- order: schema-first
-- old: SELECT name FROM items
-- old: INSERT INTO items (name) VALUES ('x')
-- new: SELECT 'small'::size
CREATE TYPE size AS ENUM ('small', 'large');
