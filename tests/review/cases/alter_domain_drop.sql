-- operation: ALTER DOMAIN, looser
-- lock: none
-- on: priced
-- order: schema-first
-- before: CREATE DOMAIN amount AS integer CONSTRAINT positive CHECK (VALUE > 0)
-- before: CREATE TABLE priced (price amount)
-- old: INSERT INTO priced VALUES (500)
-- new: INSERT INTO priced VALUES (-5)
ALTER DOMAIN amount DROP CONSTRAINT positive;
