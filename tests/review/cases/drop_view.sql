-- operation: DROP VIEW
-- lock: ACCESS EXCLUSIVE
-- on: names
-- order: code-first
-- before: CREATE VIEW names AS SELECT name FROM items
-- old: SELECT name FROM names
-- new: SELECT name FROM items
DROP VIEW names;
