-- operation: CREATE POLICY AS RESTRICTIVE
-- lock: ACCESS EXCLUSIVE
-- on: items
-- order: code-first
-- before: CREATE POLICY mine ON items USING (current_setting('shop.person', true) = 'me')
-- before: ALTER TABLE items ENABLE ROW LEVEL SECURITY
-- old: SET LOCAL shop.person = 'me'; SET LOCAL ROLE app; INSERT INTO items (id, name) VALUES (50, 'x')
-- new: SET LOCAL shop.person = 'me'; SET LOCAL ROLE app; INSERT INTO items (id, name) VALUES (50, 'y')
CREATE POLICY named ON items AS RESTRICTIVE USING (name <> 'x');
