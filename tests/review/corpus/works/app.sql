-- What today's code runs.
SELECT id, contact, (home).town, mood, rank, notes FROM shop.clients WHERE mood = 'ok'
INSERT INTO shop.clients (contact) VALUES ('long.address.of.somebody@example.org')
INSERT INTO shop.clients (contact, home, mood, rank) VALUES (NULL, ROW('a', 'b'), 'sad', 1000000)
UPDATE shop.clients SET mood = 'happy', rank = NULL WHERE id = 1
SELECT code, width, height, area, made_on FROM shop.parts WHERE area = 6
INSERT INTO shop.parts (code, width, height) VALUES ('c', 0, 1000)
INSERT INTO shop.parts (code, width, height) VALUES ('a', 1, 1) ON CONFLICT (code) DO NOTHING
SELECT id, at, kind, payload FROM events WHERE kind = 'login'
INSERT INTO events (at, kind) VALUES ('2024-06-01', NULL)
INSERT INTO events (at, payload) VALUES ('2025-06-01', '{}')
SELECT line, n FROM staging.raw
INSERT INTO staging.raw VALUES ('y', NULL)
SELECT id, queue, run_at, tries FROM jobs WHERE queue = 'default'
INSERT INTO jobs (id) VALUES (9)
INSERT INTO jobs (id, queue, run_at, tries) VALUES (8, 'mail', NULL, 30000)
UPDATE jobs SET tries = tries + 1
SELECT room FROM slots
INSERT INTO slots VALUES (1, '[3,9)')
SELECT next_invoice()
SELECT nextval('shop.invoice_numbers')
SELECT add(1, 2)
SELECT add(a => 1, b => 2)
CALL tidy()
SELECT purge()
SELECT number, total, tip, currency, due, tier, person, firm, slug, seat, shelf, drawer FROM invoices WHERE due = '2024-01-01'
INSERT INTO invoices (number, total, tip, currency, due, tier, person, firm, slug, seat, shelf, drawer) VALUES (2, 10, 1, 'EUR', '2024-02-01', 'high', 'Bob', 'B & Co', '', 2, 'b', 'b')
SELECT sensor, value, unit, note FROM readings WHERE unit = 'C'
INSERT INTO readings (sensor, value, unit, note) VALUES (1, 3, 'K', 'x')
