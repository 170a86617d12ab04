-- What today's code runs.
SELECT id, username, full_name, bio, plan, credits, updated_at FROM profiles
SELECT plan FROM profiles WHERE plan = 'free'
UPDATE profiles SET full_name = 'A', bio = repeat('b', 80) WHERE id = '00000000-0000-0000-0000-000000000001'
UPDATE profiles SET bio = NULL WHERE id = '00000000-0000-0000-0000-000000000001'
service_role: INSERT INTO profiles (id, username) SELECT '00000000-0000-0000-0000-000000000003', 'eve' WHERE false
INSERT INTO teams (name, slug) VALUES ('New', 'new')
INSERT INTO teams (name, slug) VALUES ('Again', 'core') ON CONFLICT (slug) DO UPDATE SET name = excluded.name
SELECT id, name, slug, settings FROM teams WHERE slug = 'core'
DELETE FROM teams WHERE slug = 'edge'
SELECT team_id, user_id, role FROM members WHERE role IN ('viewer', 'editor', 'owner')
service_role: INSERT INTO members (team_id, user_id, role) VALUES (2, '00000000-0000-0000-0000-000000000001', 'editor')
SELECT id, user_id, team_id, title, body, status, is_public, words, created_at FROM notes
anon: SELECT title FROM notes
INSERT INTO notes (user_id, title) VALUES ('00000000-0000-0000-0000-000000000001', 'a note')
INSERT INTO notes (user_id, title, body, status, team_id) VALUES ('00000000-0000-0000-0000-000000000001', repeat('t', 100), NULL, 'published', 1)
UPDATE notes SET status = 'published', body = 'more', is_public = true WHERE title = 'First'
DELETE FROM notes WHERE title = 'First'
SELECT words FROM notes WHERE words = 2
INSERT INTO tags (label) VALUES ('green') ON CONFLICT (label) DO NOTHING
INSERT INTO tags (label) VALUES ('two words')
SELECT id, label FROM tags WHERE label = 'red'
INSERT INTO audit (what) VALUES ('login')
SELECT value FROM settings WHERE key = 'theme'
SELECT value FROM settings WHERE value = 'light'
UPDATE settings SET value = 'dark' WHERE key = 'theme'
SELECT id, title FROM search_notes('First')
SELECT id, title FROM search_notes(query => 'First')
SELECT note_count(auth.uid())
SELECT rename_note(1)
SELECT rename_note(note => 1, name => 'x')
SELECT id, title, created_at FROM public_notes
SELECT team_id, size FROM team_sizes
