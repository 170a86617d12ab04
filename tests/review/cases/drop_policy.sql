-- operation: DROP POLICY
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- before: CREATE POLICY mine ON items USING (current_setting('shop.person', true) = 'me')
-- before: ALTER TABLE items ENABLE ROW LEVEL SECURITY
-- before: CREATE POLICY yours ON items USING (current_setting('shop.person', true) = 'you')
-- old: SET LOCAL shop.person = 'you'; SET LOCAL ROLE app; INSERT INTO items (id, name) VALUES (50, 'x')
-- new: SET LOCAL shop.person = 'me'; SET LOCAL ROLE app; INSERT INTO items (id, name) VALUES (50, 'x')
DROP POLICY yours ON items;
