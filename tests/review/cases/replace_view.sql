-- operation: CREATE OR REPLACE VIEW
-- lock: ACCESS EXCLUSIVE
-- on: names
-- order: schema-first
-- before: CREATE VIEW names AS SELECT name FROM items
-- old: SELECT name FROM names
-- new: SELECT code FROM names
CREATE OR REPLACE VIEW names AS SELECT name, code FROM items;
