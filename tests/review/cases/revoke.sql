-- operation: REVOKE
-- lock: ACCESS SHARE
-- on: items
-- order: code-first
-- old: SET LOCAL ROLE app; INSERT INTO items (id, name) VALUES (50, 'x')
-- new: SET LOCAL ROLE app; SELECT name FROM items
REVOKE INSERT ON items FROM app;
