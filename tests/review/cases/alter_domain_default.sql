-- operation: ALTER DOMAIN
-- lock: none
-- on: priced
-- order: schema-first
-- before: CREATE DOMAIN amount AS integer NOT NULL
-- before: CREATE TABLE priced (price amount)
-- old: INSERT INTO priced VALUES (500)
-- new: INSERT INTO priced DEFAULT VALUES
ALTER DOMAIN amount SET DEFAULT 1;
