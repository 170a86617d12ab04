-- operation: ADD PRIMARY KEY
-- lock: ACCESS EXCLUSIVE
-- on: kinds
-- order: code-first
-- before: ALTER TABLE kinds DROP CONSTRAINT kinds_pkey
-- old: INSERT INTO kinds VALUES (1, 'twice')
-- new: INSERT INTO kinds VALUES (2, 'once')
ALTER TABLE kinds ADD PRIMARY KEY (id);
