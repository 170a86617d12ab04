-- operation: ALTER DOMAIN, stricter
-- lock: SHARE
-- on: priced
-- order: code-first
-- before: CREATE DOMAIN amount AS integer CONSTRAINT positive CHECK (VALUE > 0)
-- before: CREATE TABLE priced (price amount)
-- old: INSERT INTO priced VALUES (500)
-- new: INSERT INTO priced VALUES (5)
-- new: SELECT price FROM priced
ALTER DOMAIN amount ADD CONSTRAINT modest CHECK (VALUE < 100);
