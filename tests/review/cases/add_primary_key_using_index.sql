-- operation: ADD PRIMARY KEY USING INDEX
-- lock: ACCESS EXCLUSIVE
-- on: kinds
-- order: code-first
-- before: ALTER TABLE kinds DROP CONSTRAINT kinds_pkey
-- before: ALTER TABLE kinds ALTER COLUMN id DROP NOT NULL
-- before: CREATE UNIQUE INDEX kinds_idx ON kinds (id)
-- old: INSERT INTO kinds VALUES (NULL, 'none')
-- new: INSERT INTO kinds VALUES (2, 'once')
ALTER TABLE kinds ADD CONSTRAINT kinds_key PRIMARY KEY USING INDEX kinds_idx;
