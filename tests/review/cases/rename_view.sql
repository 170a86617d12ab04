-- operation: ALTER VIEW
-- lock: ACCESS EXCLUSIVE
-- on: names
-- order: expand-contract
-- before: CREATE VIEW names AS SELECT name FROM items
-- old: SELECT name FROM names
-- new: SELECT name FROM titles
ALTER VIEW names RENAME TO titles;
