-- operation: ENABLE ROW LEVEL SECURITY
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- before: CREATE POLICY mine ON items USING (current_setting('shop.person', true) = 'me')
-- old: SET LOCAL ROLE app; INSERT INTO items (id, name) VALUES (50, 'x')
-- new: SET LOCAL shop.person = 'me'; SET LOCAL ROLE app; INSERT INTO items (id, name) VALUES (50, 'x')
ALTER TABLE items ENABLE ROW LEVEL SECURITY;
