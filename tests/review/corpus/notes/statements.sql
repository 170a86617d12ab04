-- Single statements, as Supabase projects have them.
-- case: add nullable column
-- new: UPDATE notes SET summary = 'x'
ALTER TABLE notes ADD COLUMN summary text;
-- case: add column with constant default
-- new: SELECT pinned FROM notes
ALTER TABLE public.notes ADD COLUMN IF NOT EXISTS pinned boolean NOT NULL DEFAULT false;
-- case: add column with now
-- new: SELECT edited_at FROM notes
ALTER TABLE notes ADD COLUMN edited_at timestamptz NOT NULL DEFAULT now();
-- case: add column with utc default
-- new: SELECT seen_at FROM notes
ALTER TABLE notes ADD COLUMN seen_at timestamptz NOT NULL DEFAULT timezone('utc'::text, now());
-- case: add column with volatile default
-- new: SELECT token FROM teams
ALTER TABLE teams ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();
-- case: add column that demands a value on an empty table
-- new: INSERT INTO audit (what, who) VALUES ('x', 'me')
ALTER TABLE audit ADD COLUMN who text NOT NULL;
-- case: add column that exists already
ALTER TABLE notes ADD COLUMN IF NOT EXISTS body text;
-- case: add column owned by the caller
-- new: INSERT INTO audit (what) VALUES ('x') RETURNING owner
ALTER TABLE audit ADD COLUMN owner uuid DEFAULT auth.uid();
-- case: add column referencing
-- new: SELECT parent_id FROM notes
ALTER TABLE notes ADD COLUMN parent_id bigint REFERENCES notes (id) ON DELETE CASCADE;
-- case: add column referencing another table
-- new: UPDATE notes SET tag_id = NULL
ALTER TABLE notes ADD COLUMN tag_id bigint REFERENCES public.tags;
-- case: add unique column
-- new: UPDATE profiles SET handle = 'a' WHERE username = 'ada'
ALTER TABLE profiles ADD COLUMN handle text UNIQUE;
-- case: add checked column
-- new: UPDATE profiles SET age = 30 WHERE username = 'ada'
ALTER TABLE profiles ADD COLUMN age integer CHECK (age >= 13);
-- case: add generated column
-- new: SELECT initials FROM profiles
ALTER TABLE profiles ADD COLUMN initials text GENERATED ALWAYS AS (left(full_name, 1)) STORED;
-- case: add enum column
-- new: SELECT default_role FROM teams
ALTER TABLE teams ADD COLUMN default_role member_role NOT NULL DEFAULT 'viewer';
-- case: add jsonb array and text columns
-- new: SELECT labels, meta FROM notes
ALTER TABLE notes ADD COLUMN labels text[] DEFAULT '{}', ADD COLUMN meta jsonb NOT NULL DEFAULT '{}'::jsonb;
-- case: drop column
-- new: SELECT id, title FROM notes
DROP TRIGGER notes_words ON notes;
ALTER TABLE notes DROP COLUMN body;
-- case: drop column if exists that is not there
ALTER TABLE notes DROP COLUMN IF EXISTS subtitle;
-- case: drop column with cascade
-- new: SELECT id FROM notes
ALTER TABLE notes DROP COLUMN is_public CASCADE;
-- case: rename column
-- new: SELECT content FROM notes
ALTER TABLE notes RENAME COLUMN body TO content;
-- case: rename table
-- new: SELECT id FROM labels
ALTER TABLE tags RENAME TO labels;
-- case: longer varchar
-- new: UPDATE profiles SET bio = repeat('x', 200)
ALTER TABLE profiles ALTER COLUMN bio TYPE varchar(200);
-- case: varchar to text
-- new: UPDATE profiles SET bio = repeat('x', 200)
ALTER TABLE profiles ALTER COLUMN bio TYPE text;
-- case: shorter varchar
-- new: UPDATE profiles SET bio = 'short'
ALTER TABLE profiles ALTER COLUMN bio TYPE varchar(40);
-- case: integer to bigint
-- new: UPDATE profiles SET credits = 5000000000
ALTER TABLE profiles ALTER COLUMN credits SET DATA TYPE bigint;
-- case: text to integer
-- new: UPDATE settings SET value = 5
-- old: UPDATE settings SET value = 'word'
ALTER TABLE settings ALTER COLUMN value TYPE integer USING length(value);
-- case: text to jsonb
-- new: SELECT value ->> 'a' FROM settings
ALTER TABLE settings ALTER COLUMN value TYPE jsonb USING to_jsonb(value);
-- case: text to enum
-- new: INSERT INTO members (team_id, user_id) SELECT 1, NULL WHERE false
ALTER TABLE notes ALTER COLUMN status DROP DEFAULT;
-- case: set default
-- new: INSERT INTO settings (key) VALUES ('new')
ALTER TABLE settings ALTER COLUMN value SET DEFAULT '';
-- case: drop default of a not null column
-- new: INSERT INTO teams (name, slug, settings) VALUES ('a', 'b', '{}')
ALTER TABLE teams ALTER COLUMN settings DROP DEFAULT;
-- case: change default
-- new: WITH made AS (UPDATE profiles SET plan = DEFAULT WHERE username = 'ada' RETURNING plan) SELECT 1 FROM made WHERE plan = 'pro'
ALTER TABLE profiles ALTER COLUMN plan SET DEFAULT 'pro';
-- case: set not null
-- new: INSERT INTO notes (user_id, title, body) VALUES ('00000000-0000-0000-0000-000000000001', 'x', '')
-- old: INSERT INTO audit (what) VALUES (NULL)
ALTER TABLE audit ALTER COLUMN what SET NOT NULL;
-- case: drop not null
-- new: INSERT INTO teams (name, slug) VALUES (NULL, 'x')
ALTER TABLE teams ALTER COLUMN name DROP NOT NULL;
-- case: set not null that is there already
ALTER TABLE teams ALTER COLUMN name SET NOT NULL;
-- case: add check
-- new: INSERT INTO tags (label) VALUES ('oneword')
ALTER TABLE tags ADD CONSTRAINT one_word CHECK (label !~ ' ');
-- case: add check not valid
-- new: INSERT INTO tags (label) VALUES ('oneword')
ALTER TABLE tags ADD CONSTRAINT one_word CHECK (label !~ ' ') NOT VALID;
-- case: drop check
-- new: UPDATE notes SET status = 'archived'
ALTER TABLE notes DROP CONSTRAINT notes_status_check;
-- case: drop check of a column
-- new: UPDATE profiles SET plan = 'team' WHERE username = 'ada'
ALTER TABLE profiles DROP CONSTRAINT IF EXISTS profiles_plan_check;
-- case: add foreign key
-- new: INSERT INTO settings VALUES ('k', 'v')
-- old: INSERT INTO audit (id, what) VALUES (77, 'x')
ALTER TABLE audit ADD CONSTRAINT audit_team FOREIGN KEY (id) REFERENCES teams (id);
-- case: add foreign key not valid
-- new: SELECT what FROM audit
ALTER TABLE audit ADD CONSTRAINT audit_team FOREIGN KEY (id) REFERENCES teams (id) NOT VALID;
-- case: drop foreign key
-- new: UPDATE notes SET team_id = 99
ALTER TABLE notes DROP CONSTRAINT notes_team_id_fkey;
-- case: add unique
-- new: INSERT INTO teams (name, slug) VALUES ('Core', 'z') ON CONFLICT (name) DO NOTHING
ALTER TABLE teams ADD CONSTRAINT teams_name_key UNIQUE (name);
-- case: drop unique
-- new: INSERT INTO teams (name, slug) VALUES ('b', 'core')
ALTER TABLE teams DROP CONSTRAINT teams_slug_key;
-- case: unique index
-- new: INSERT INTO profiles (id, username) SELECT NULL, NULL WHERE false ON CONFLICT (full_name) DO NOTHING
CREATE UNIQUE INDEX profiles_name ON profiles (full_name);
-- case: unique index on lower
-- new: SELECT id FROM profiles WHERE lower(username) = 'ada'
CREATE UNIQUE INDEX profiles_lower ON profiles (lower(username));
-- case: plain index
CREATE INDEX notes_team_idx ON notes (team_id);
-- case: index if not exists
CREATE INDEX IF NOT EXISTS notes_created_idx ON public.notes USING btree (created_at DESC);
-- case: index that is there already
CREATE INDEX IF NOT EXISTS notes_user_idx ON notes (user_id);
-- case: gin index
CREATE INDEX teams_settings_idx ON teams USING gin (settings);
-- case: partial index
CREATE INDEX notes_public_idx ON notes (created_at) WHERE is_public;
-- case: index concurrently
CREATE INDEX CONCURRENTLY notes_status_idx ON notes (status);
-- case: drop index
DROP INDEX notes_user_idx;
-- case: drop index if exists that is not there
DROP INDEX IF EXISTS public.notes_nothing_idx;
-- case: drop unique index
-- new: INSERT INTO tags (label) VALUES ('red')
DROP INDEX tags_label_idx;
-- case: create table
-- new: SELECT id FROM comments
CREATE TABLE comments (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text);
-- case: create table with foreign keys
-- new: INSERT INTO comments (note_id) VALUES (1)
CREATE TABLE public.comments (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), note_id bigint NOT NULL REFERENCES notes (id) ON DELETE CASCADE);
-- case: create table if not exists
-- new: SELECT id FROM invites
CREATE TABLE IF NOT EXISTS invites (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email text NOT NULL);
-- case: create table if not exists that is there
CREATE TABLE IF NOT EXISTS notes (id bigint PRIMARY KEY);
-- case: create table of a query
-- new: SELECT * FROM notes_backup
CREATE TABLE notes_backup AS SELECT * FROM notes;
-- case: drop table
DROP TABLE tags;
-- case: drop table if exists that is not there
DROP TABLE IF EXISTS legacy_notes;
-- case: drop table with cascade
DROP TABLE IF EXISTS settings CASCADE;
-- case: truncate
-- new: SELECT count(*) FROM audit
-- old: SELECT value FROM settings
TRUNCATE settings;
-- case: create view
-- new: SELECT title FROM drafts
CREATE VIEW drafts AS SELECT id, title FROM notes WHERE status = 'draft';
-- case: replace view with one more column
-- new: SELECT user_id FROM public_notes
CREATE OR REPLACE VIEW public_notes WITH (security_invoker = true) AS SELECT id, title, created_at, user_id FROM notes WHERE is_public;
-- case: replace view with the same columns and fewer rows
-- old: SELECT title FROM public_notes WHERE title = 'First'
CREATE OR REPLACE VIEW public_notes WITH (security_invoker = true) AS SELECT id, title, created_at FROM notes WHERE is_public AND status = 'published';
-- case: replace view unchanged
CREATE OR REPLACE VIEW team_sizes AS SELECT team_id, count(*) AS size FROM members GROUP BY team_id;
-- case: replace a view that is not there
-- new: SELECT id FROM pro_profiles
CREATE OR REPLACE VIEW pro_profiles AS SELECT id FROM profiles WHERE plan <> 'pro';
-- case: drop view
-- new: SELECT team_id FROM members
DROP VIEW team_sizes;
-- case: create function
-- new: SELECT hello()
CREATE FUNCTION hello() RETURNS text LANGUAGE sql AS $$ SELECT 'hello' $$;
-- case: create plpgsql function
-- new: SELECT publish(1)
CREATE OR REPLACE FUNCTION public.publish(note bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN UPDATE notes SET status = 'published' WHERE id = note; END $$;
-- case: replace function with the same form
-- new: SELECT id FROM search_notes('two')
CREATE OR REPLACE FUNCTION public.search_notes(query text) RETURNS TABLE (id bigint, title text) LANGUAGE sql STABLE AS $$
    SELECT notes.id, notes.title FROM notes WHERE notes.title || coalesce(notes.body, '') ILIKE '%' || query || '%' $$;
-- case: replace function that now refuses
-- new: SELECT rename_note(1, 'long enough')
CREATE OR REPLACE FUNCTION rename_note(note bigint, name text DEFAULT 'untitled') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF name = 'untitled' THEN RAISE EXCEPTION 'a name, please'; END IF;
    UPDATE notes SET title = name WHERE notes.id = note;
END $$;
-- case: replace function with another return type
CREATE OR REPLACE FUNCTION note_count(owner uuid) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM notes WHERE user_id = owner $$;
-- case: overload with a default
-- new: SELECT rename_note(1, 'x', true)
CREATE FUNCTION rename_note(note bigint, name text DEFAULT 'untitled', quietly boolean DEFAULT false) RETURNS void LANGUAGE sql AS $$ SELECT $$;
-- case: overload with more arguments
-- new: SELECT note_count(auth.uid(), 'draft')
CREATE FUNCTION note_count(owner uuid, state text) RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;
-- case: drop function
-- new: SELECT id FROM notes
DROP FUNCTION note_count(uuid);
-- case: drop function if exists that is not there
DROP FUNCTION IF EXISTS public.old_search(text);
-- case: rename function
-- new: SELECT count_notes(auth.uid())
ALTER FUNCTION note_count(uuid) RENAME TO count_notes;
-- case: function set search path
ALTER FUNCTION public.search_notes(text) SET search_path = public;
-- case: trigger that fills
-- new: WITH made AS (INSERT INTO audit (what) VALUES ('') RETURNING at, what) SELECT 1 FROM made WHERE what = 'made'
DO $$ BEGIN CREATE FUNCTION name_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.what := ''made''; RETURN NEW; END'; CREATE TRIGGER audit_name BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION name_it(); END $$;
-- case: trigger that refuses
-- new: UPDATE tags SET label = 'quiet' WHERE label = 'red'
-- old: UPDATE tags SET label = 'LOUD' WHERE label = 'red'
CREATE TRIGGER tags_quiet_update BEFORE UPDATE ON tags FOR EACH ROW EXECUTE FUNCTION refuse_shouting();
-- case: drop trigger that fills
-- new: INSERT INTO notes (user_id, title, words) VALUES ('00000000-0000-0000-0000-000000000001', 'x', 3)
-- old: WITH made AS (INSERT INTO notes (user_id, title, body) VALUES ('00000000-0000-0000-0000-000000000001', 'x', 'a b c') RETURNING words) SELECT 1 FROM made WHERE words = 3
DROP TRIGGER notes_words ON notes;
-- case: drop trigger that refuses
-- new: INSERT INTO tags (label) VALUES ('LOUD')
DROP TRIGGER IF EXISTS tags_quiet ON tags;
-- case: drop trigger if exists that is not there
DROP TRIGGER IF EXISTS nothing ON notes;
-- case: disable trigger
-- new: INSERT INTO tags (label) VALUES ('LOUD')
ALTER TABLE tags DISABLE TRIGGER tags_quiet;
-- case: enable row security without policies
-- new: service_role: SELECT id FROM teams
ALTER TABLE teams ENABLE ROW LEVEL SECURITY;
-- case: enable row security that is on
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
-- case: disable row security
-- new: anon: SELECT title FROM notes WHERE NOT is_public
ALTER TABLE notes DISABLE ROW LEVEL SECURITY;
-- case: force row security
ALTER TABLE notes FORCE ROW LEVEL SECURITY;
-- case: create permissive policy
-- new: SELECT id FROM notes WHERE title = 'Second'
CREATE POLICY "team notes" ON notes FOR SELECT TO authenticated USING (title = 'Second');
-- case: create restrictive policy
-- new: SELECT title FROM notes WHERE is_public
-- old: INSERT INTO notes (user_id, title) VALUES ('00000000-0000-0000-0000-000000000001', 'z')
CREATE POLICY "not drafts" ON notes AS RESTRICTIVE FOR ALL USING (is_public);
-- case: policy where row security is off
CREATE POLICY "anyone" ON tags FOR SELECT USING (true);
-- case: drop policy
-- new: SELECT id FROM notes WHERE user_id = auth.uid()
DROP POLICY "public notes" ON notes;
-- case: drop policy if exists that is not there
DROP POLICY IF EXISTS "old policy" ON notes;
-- case: alter policy to a wider one
-- new: SELECT id FROM notes WHERE title = 'Second'
ALTER POLICY "own notes" ON notes USING (auth.uid() = user_id OR title = 'Second');
-- case: alter policy with a subselect for speed
ALTER POLICY "own notes" ON notes USING ((SELECT auth.uid()) = user_id) WITH CHECK ((SELECT auth.uid()) = user_id);
-- case: alter policy to a narrower one
-- new: anon: SELECT id FROM notes WHERE false
ALTER POLICY "public notes" ON notes USING (is_public AND status = 'published');
-- case: rename policy
ALTER POLICY "own notes" ON notes RENAME TO "notes of one's own";
-- case: create enum
-- new: SELECT 'a'::kind
CREATE TYPE kind AS ENUM ('a', 'b');
-- case: add enum value
-- new: UPDATE members SET role = 'admin'
-- old: SELECT 1 FROM members WHERE role = 'owner'
ALTER TYPE member_role ADD VALUE 'admin' BEFORE 'owner';
-- case: add enum value if not exists
-- new: SELECT 'guest'::member_role
ALTER TYPE member_role ADD VALUE IF NOT EXISTS 'guest';
-- case: rename enum value
-- new: SELECT 1 FROM members WHERE role = 'boss'
ALTER TYPE member_role RENAME VALUE 'owner' TO 'boss';
-- case: rename type
-- new: SELECT 'viewer'::team_role
-- old: SELECT 'viewer'::member_role
ALTER TYPE member_role RENAME TO team_role;
-- case: grant
-- new: authenticated: SELECT email FROM auth.users
GRANT SELECT ON auth.users TO authenticated;
-- case: revoke
-- new: SELECT id FROM notes
REVOKE ALL ON settings FROM authenticated, anon;
-- case: revoke execute
-- new: service_role: SELECT id FROM notes
REVOKE EXECUTE ON FUNCTION note_count(uuid) FROM PUBLIC;
-- case: comment
COMMENT ON COLUMN notes.body IS 'markdown';
-- case: comment on policy
COMMENT ON POLICY "own notes" ON notes IS 'whose they are';
-- case: comment on function
COMMENT ON FUNCTION hello2() IS NULL;
-- case: insert seed
-- new: SELECT 1 FROM settings WHERE key = 'currency'
-- new: UPDATE settings SET value = 'USD' WHERE key = 'currency'
INSERT INTO settings VALUES ('currency', 'EUR') ON CONFLICT (key) DO NOTHING;
-- case: update of a value that is read
-- new: SELECT id FROM tags WHERE label = 'crimson'
UPDATE tags SET label = 'crimson' WHERE label = 'red';
-- case: delete of rows that are read
DELETE FROM settings WHERE key = 'theme';
-- case: select setval
SELECT setval(pg_get_serial_sequence('notes', 'id'), 100);
-- case: select of a function that writes
-- new: SELECT id FROM notes
SELECT rename_note(1, 'renamed');
-- case: set
SET lock_timeout = '2s';
-- case: do that adds a column
-- new: SELECT color FROM tags
DO $$ BEGIN ALTER TABLE tags ADD COLUMN color text; EXCEPTION WHEN duplicate_column THEN NULL; END $$;
-- case: do that makes a type
-- new: SELECT 'low'::priority
DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'priority') THEN CREATE TYPE priority AS ENUM ('low', 'high'); END IF; END $$;
-- case: do that runs what it puts together
-- new: SELECT id FROM notes
DO $$ DECLARE t record; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'nowhere' LOOP EXECUTE format('ALTER TABLE %I ADD COLUMN x int', t.tablename); END LOOP; END $$;
-- case: function with an empty search path
ALTER FUNCTION public.note_count(uuid) SET search_path = '';
-- case: function replaced with an empty search path
CREATE OR REPLACE FUNCTION public.note_count(owner uuid) RETURNS integer LANGUAGE sql STABLE SET search_path = ''
  AS $$ SELECT count(*)::integer FROM public.notes WHERE user_id = owner $$;
-- case: function in PL/pgSQL with an empty search path
ALTER FUNCTION public.rename_note(bigint, text) SET search_path = '';
-- case: view that asks for the reader's own rights
-- old: anon: SELECT size FROM team_sizes
CREATE OR REPLACE VIEW public.team_sizes WITH (security_invoker = true) AS SELECT team_id, count(*) AS size FROM public.members GROUP BY team_id;
-- case: view that is altered to ask for the reader's own rights
-- old: anon: SELECT size FROM team_sizes
ALTER VIEW public.team_sizes SET (security_invoker = on);
-- case: view that has asked for the reader's own rights before
ALTER VIEW public.public_notes SET (security_invoker = on);
-- case: view with a barrier
ALTER VIEW public.team_sizes SET (security_barrier = true);
