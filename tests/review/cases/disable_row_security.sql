-- operation: DISABLE ROW LEVEL SECURITY
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: schema-first
-- before: CREATE POLICY mine ON items USING (current_setting('shop.person', true) = 'me')
-- before: ALTER TABLE items ENABLE ROW LEVEL SECURITY
-- old: SET LOCAL shop.person = 'me'; SET LOCAL ROLE app; INSERT INTO items (id, name) VALUES (50, 'x')
-- new: SET LOCAL ROLE app; INSERT INTO items (id, name) VALUES (50, 'x')
ALTER TABLE items DISABLE ROW LEVEL SECURITY;
