-- Whole files, as Supabase projects have them.
-- case: table with security and policies
-- new: INSERT INTO comments (note_id, body) VALUES (1, 'x')
CREATE TABLE IF NOT EXISTS public.comments (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), note_id bigint REFERENCES public.notes (id) ON DELETE CASCADE, user_id uuid DEFAULT auth.uid(), body text NOT NULL);
ALTER TABLE public.comments ENABLE ROW LEVEL SECURITY;
CREATE POLICY "read" ON public.comments FOR SELECT USING (true);
CREATE POLICY "write" ON public.comments FOR INSERT WITH CHECK (auth.uid() = user_id);
CREATE INDEX IF NOT EXISTS comments_note_idx ON public.comments (note_id);
-- case: table with trigger and grants
-- new: SELECT id FROM todos
CREATE TABLE todos (id serial PRIMARY KEY, task text, updated_at timestamptz);
CREATE TRIGGER todos_touch BEFORE UPDATE ON todos FOR EACH ROW EXECUTE FUNCTION touch();
GRANT SELECT ON todos TO anon;
REVOKE DELETE ON todos FROM authenticated;
COMMENT ON TABLE todos IS 'to do';
-- case: policy dropped and made again unchanged
DROP POLICY IF EXISTS "public notes" ON public.notes;
CREATE POLICY "public notes" ON public.notes FOR SELECT USING (is_public);
-- case: policies wrapped for speed
DROP POLICY "own notes" ON notes;
CREATE POLICY "own notes" ON notes FOR ALL TO authenticated USING ((select auth.uid()) = user_id) WITH CHECK ((select auth.uid()) = user_id);
DROP POLICY "own profile" ON profiles;
CREATE POLICY "own profile" ON profiles FOR UPDATE USING ((select auth.uid()) = id) WITH CHECK ((select auth.uid()) = id);
-- case: policy split by command
DROP POLICY "own notes" ON notes;
CREATE POLICY "notes select" ON notes FOR SELECT TO authenticated USING (auth.uid() = user_id);
CREATE POLICY "notes insert" ON notes FOR INSERT TO authenticated WITH CHECK (auth.uid() = user_id);
CREATE POLICY "notes update" ON notes FOR UPDATE TO authenticated USING (auth.uid() = user_id) WITH CHECK (auth.uid() = user_id);
CREATE POLICY "notes delete" ON notes FOR DELETE TO authenticated USING (auth.uid() = user_id);
-- case: policy split without delete
DROP POLICY "own notes" ON notes;
CREATE POLICY "notes select" ON notes FOR SELECT TO authenticated USING (auth.uid() = user_id);
CREATE POLICY "notes insert" ON notes FOR INSERT TO authenticated WITH CHECK (auth.uid() = user_id);
CREATE POLICY "notes update" ON notes FOR UPDATE TO authenticated USING (auth.uid() = user_id);
-- case: policy made wider
-- new: SELECT id FROM notes WHERE title = 'Second'
DROP POLICY IF EXISTS "own notes" ON notes;
CREATE POLICY "own notes" ON notes FOR ALL TO authenticated USING (auth.uid() = user_id OR title = 'Second') WITH CHECK (auth.uid() = user_id);
-- case: policy made narrower
DROP POLICY "own notes" ON notes;
CREATE POLICY "own notes" ON notes FOR ALL TO authenticated USING (auth.uid() = user_id AND status = 'published') WITH CHECK (auth.uid() = user_id);
-- case: policy of another kind
-- new: SELECT id FROM notes WHERE title = 'Second'
DROP POLICY "own notes" ON notes;
CREATE POLICY "team notes" ON notes FOR ALL TO authenticated USING (title = 'Second');
-- case: new idempotent policy
-- new: SELECT id FROM notes WHERE title = 'Second'
DROP POLICY IF EXISTS "seconds" ON notes;
CREATE POLICY "seconds" ON notes FOR SELECT USING (title = 'Second');
-- case: policy renamed by drop and create
DROP POLICY "public notes" ON notes;
CREATE POLICY "everybody reads public notes" ON notes FOR SELECT USING (is_public);
-- case: security switched on with policies for some
ALTER TABLE tags ENABLE ROW LEVEL SECURITY;
CREATE POLICY "tags read" ON tags FOR SELECT USING (true);
-- case: security switched on with policies for all
ALTER TABLE tags ENABLE ROW LEVEL SECURITY;
CREATE POLICY "tags all" ON tags FOR ALL USING (true) WITH CHECK (true);
-- case: function dropped and made again
DROP FUNCTION IF EXISTS public.note_count(uuid);
CREATE FUNCTION public.note_count(owner uuid) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT count(*)::integer FROM public.notes WHERE user_id = owner
$$;
GRANT EXECUTE ON FUNCTION public.note_count(uuid) TO authenticated;
-- case: function with one more argument
-- new: SELECT id FROM search_notes('First', 5)
DROP FUNCTION search_notes(text);
CREATE FUNCTION search_notes(query text, most integer DEFAULT 10) RETURNS TABLE (id bigint, title text) LANGUAGE sql STABLE AS $$
    SELECT notes.id, notes.title FROM notes WHERE notes.title ILIKE '%' || query || '%' LIMIT most $$;
-- case: function with another argument
-- new: SELECT note_count('ada'::text)
DROP FUNCTION note_count(uuid);
CREATE FUNCTION note_count(name text) RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;
-- case: function with more columns
-- new: SELECT status FROM search_notes('First')
DROP FUNCTION search_notes(text);
CREATE FUNCTION search_notes(query text) RETURNS TABLE (id bigint, title text, status text) LANGUAGE sql STABLE AS $$
    SELECT notes.id, notes.title, notes.status FROM notes WHERE notes.title ILIKE '%' || query || '%' $$;
-- case: function with a renamed argument
-- new: SELECT id FROM search_notes(q => 'First')
DROP FUNCTION search_notes(text);
CREATE FUNCTION search_notes(q text) RETURNS TABLE (id bigint, title text) LANGUAGE sql AS $$ SELECT notes.id, notes.title FROM notes $$;
-- case: new function with rights
-- new: SELECT total()
CREATE OR REPLACE FUNCTION total() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$ SELECT count(*) FROM public.notes $$;
REVOKE ALL ON FUNCTION total() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION total() TO authenticated;
-- case: trigger dropped and made again
DROP TRIGGER IF EXISTS profiles_touch ON profiles;
CREATE TRIGGER profiles_touch BEFORE UPDATE ON public.profiles FOR EACH ROW EXECUTE FUNCTION public.touch();
-- case: trigger function and trigger of a new user
-- new: SELECT id FROM profiles WHERE username = 'ada'
-- new: SELECT handle_new_user_version()
CREATE FUNCTION handle_new_user_version() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;
CREATE OR REPLACE FUNCTION handle_new_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN INSERT INTO public.profiles (id) VALUES (NEW.id); RETURN NEW; END $$;
DROP TRIGGER IF EXISTS on_auth_user_created ON auth.users;
CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION handle_new_user();
-- case: check with one value more
-- new: UPDATE notes SET status = 'archived'
ALTER TABLE public.notes DROP CONSTRAINT IF EXISTS notes_status_check;
ALTER TABLE public.notes ADD CONSTRAINT notes_status_check CHECK (status IN ('draft', 'published', 'archived'));
-- case: check with one value less
ALTER TABLE notes DROP CONSTRAINT notes_status_check;
ALTER TABLE notes ADD CONSTRAINT notes_status_check CHECK (status = ANY (ARRAY['draft'::text]));
-- case: check with other values
-- new: UPDATE notes SET status = 'archived'
ALTER TABLE notes DROP CONSTRAINT notes_status_check, ADD CONSTRAINT notes_status_check CHECK (status IN ('draft', 'archived')) NOT VALID;
-- case: longer title
-- new: INSERT INTO notes (user_id, title) VALUES ('00000000-0000-0000-0000-000000000001', repeat('t', 150))
ALTER TABLE notes DROP CONSTRAINT notes_title_length;
ALTER TABLE notes ADD CONSTRAINT notes_title_length CHECK (char_length(title) <= 200);
-- case: inline check made wider
-- new: UPDATE profiles SET plan = 'team' WHERE username = 'ada'
ALTER TABLE profiles DROP CONSTRAINT profiles_plan_check;
ALTER TABLE profiles ADD CONSTRAINT profiles_plan_check CHECK (plan IN ('free', 'pro', 'team'));
-- case: foreign key that cascades
-- new: DELETE FROM teams WHERE slug = 'core'
ALTER TABLE members DROP CONSTRAINT members_team_id_fkey;
ALTER TABLE members ADD CONSTRAINT members_team_id_fkey FOREIGN KEY (team_id) REFERENCES teams (id) ON DELETE CASCADE;
-- case: column filled and made required with default
-- new: INSERT INTO notes (user_id, title, priority) VALUES ('00000000-0000-0000-0000-000000000001', 'x', 2)
ALTER TABLE notes ADD COLUMN priority integer;
UPDATE notes SET priority = 1;
ALTER TABLE notes ALTER COLUMN priority SET DEFAULT 1;
ALTER TABLE notes ALTER COLUMN priority SET NOT NULL;
-- case: column filled and made required
-- new: INSERT INTO notes (user_id, title, priority) VALUES ('00000000-0000-0000-0000-000000000001', 'x', 2)
ALTER TABLE notes ADD COLUMN priority integer;
UPDATE notes SET priority = 1 WHERE priority IS NULL;
ALTER TABLE notes ALTER COLUMN priority SET NOT NULL;
-- case: column with its index and comment
-- new: SELECT archived_at FROM notes
ALTER TABLE notes ADD COLUMN IF NOT EXISTS archived_at timestamptz;
CREATE INDEX IF NOT EXISTS notes_archived ON notes (archived_at) WHERE archived_at IS NOT NULL;
COMMENT ON COLUMN notes.archived_at IS 'when';
-- case: column with a foreign key and its index
-- new: UPDATE notes SET parent = 1
ALTER TABLE notes ADD COLUMN parent bigint;
ALTER TABLE notes ADD CONSTRAINT notes_parent_fkey FOREIGN KEY (parent) REFERENCES notes (id) ON DELETE SET NULL;
CREATE INDEX notes_parent ON notes (parent);
-- case: column with a unique constraint
-- new: UPDATE teams SET code = 'x' WHERE slug = 'core'
ALTER TABLE teams ADD COLUMN code text;
ALTER TABLE teams ADD CONSTRAINT teams_code_key UNIQUE (code);
-- case: column with a check
-- new: UPDATE teams SET seats = 3
ALTER TABLE teams ADD COLUMN seats integer DEFAULT 1;
ALTER TABLE teams ADD CONSTRAINT teams_seats CHECK (seats > 0);
-- case: column renamed with a copy
-- new: SELECT content FROM notes
ALTER TABLE notes ADD COLUMN content text;
UPDATE notes SET content = body;
-- case: column replaced in one file
-- new: SELECT content FROM notes
ALTER TABLE notes ADD COLUMN content text;
UPDATE notes SET content = body;
ALTER TABLE notes DROP COLUMN body;
-- case: enum and a column of it
-- new: UPDATE notes SET kind = 'memo'
CREATE TYPE note_kind AS ENUM ('memo', 'list');
ALTER TABLE notes ADD COLUMN kind note_kind NOT NULL DEFAULT 'memo';
-- case: view dropped and made with a column
-- new: SELECT user_id FROM public_notes
DROP VIEW IF EXISTS public_notes;
CREATE VIEW public_notes WITH (security_invoker = true) AS SELECT id, title, created_at, user_id FROM notes WHERE is_public;
-- case: view dropped and made without a column
DROP VIEW public_notes;
CREATE VIEW public_notes AS SELECT id, title FROM notes WHERE is_public;
-- case: table renamed behind a view
-- new: SELECT label FROM labels
ALTER TABLE tags RENAME TO labels;
CREATE VIEW tags AS SELECT id, label FROM labels;
-- case: temporary table for a backfill
-- new: SELECT size FROM teams
CREATE TEMP TABLE counts AS SELECT team_id, count(*) AS n FROM members GROUP BY team_id;
ALTER TABLE teams ADD COLUMN size bigint;
UPDATE teams SET size = counts.n FROM counts WHERE counts.team_id = teams.id;
DROP TABLE counts;
-- case: table made and dropped
CREATE TABLE scratch (id int);
INSERT INTO scratch VALUES (1);
DROP TABLE scratch;
-- case: do block for a constraint
-- new: UPDATE teams SET seats = 3
ALTER TABLE teams ADD COLUMN IF NOT EXISTS seats integer;
DO $$ BEGIN ALTER TABLE teams ADD CONSTRAINT seats_ok CHECK (seats > 0); EXCEPTION WHEN duplicate_object THEN NULL; END $$;
-- case: do block for policies
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_policies WHERE policyname = 'public notes') THEN
        CREATE POLICY "public notes" ON notes FOR SELECT USING (is_public);
    END IF;
END $$;
-- case: rights narrowed
-- old: anon: SELECT value FROM settings
REVOKE ALL ON settings FROM anon;
GRANT SELECT ON settings TO authenticated;
-- case: indexes only
CREATE INDEX IF NOT EXISTS a ON notes (title);
CREATE INDEX IF NOT EXISTS b ON notes (status, created_at);
DROP INDEX IF EXISTS notes_user_idx;
-- case: index made again
DROP INDEX notes_user_idx;
CREATE INDEX notes_user_idx ON notes (user_id, created_at);
-- case: unique index made again
DROP INDEX tags_label_idx;
CREATE UNIQUE INDEX tags_label_idx ON tags USING btree (label);
-- case: nothing but settings
SET check_function_bodies = false;
SELECT pg_catalog.set_config('search_path', 'public', true);
-- case: trigger switched off for a backfill
-- new: SELECT rank FROM notes
ALTER TABLE notes ADD COLUMN rank integer;
ALTER TABLE notes DISABLE TRIGGER notes_words;
UPDATE notes SET rank = 1;
ALTER TABLE notes ENABLE TRIGGER notes_words;
-- case: seeds for a new table
-- new: SELECT name FROM plans WHERE name = 'pro'
CREATE TABLE plans (name text PRIMARY KEY, price integer NOT NULL);
INSERT INTO plans VALUES ('free', 0), ('pro', 5) ON CONFLICT DO NOTHING;
UPDATE plans SET price = 6 WHERE name = 'pro';
-- case: drops of an old feature
DROP TRIGGER IF EXISTS tags_quiet ON tags;
DROP FUNCTION IF EXISTS refuse_shouting();
DROP TABLE IF EXISTS tags;
-- case: reactions of a note
-- new: INSERT INTO reactions (note_id, kind) VALUES (1, 'like')
CREATE TYPE reaction_kind AS ENUM ('like', 'heart');
CREATE TABLE reactions (note_id bigint REFERENCES notes (id) ON DELETE CASCADE, user_id uuid DEFAULT auth.uid(), kind reaction_kind NOT NULL, PRIMARY KEY (note_id, user_id, kind));
ALTER TABLE reactions ENABLE ROW LEVEL SECURITY;
CREATE POLICY "all read" ON reactions FOR SELECT USING (true);
CREATE POLICY "own write" ON reactions FOR ALL TO authenticated USING (user_id = auth.uid()) WITH CHECK (user_id = auth.uid());
CREATE OR REPLACE FUNCTION reaction_count(note bigint) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM public.reactions WHERE note_id = note $$;
GRANT EXECUTE ON FUNCTION reaction_count(bigint) TO anon, authenticated;
-- case: storage of settings for each user
-- new: SELECT theme FROM profiles
ALTER TABLE profiles ADD COLUMN theme text NOT NULL DEFAULT 'light', ADD CONSTRAINT theme_known CHECK (theme IN ('light', 'dark'));
-- case: policy for updates only tightened
-- old: UPDATE profiles SET plan = 'free' WHERE id = '00000000-0000-0000-0000-000000000001'
DROP POLICY "own profile" ON profiles;
CREATE POLICY "own profile" ON profiles FOR UPDATE USING (auth.uid() = id AND plan = 'pro') WITH CHECK (auth.uid() = id);
-- case: members may be added
-- new: INSERT INTO members (team_id, user_id) VALUES (2, '00000000-0000-0000-0000-000000000001')
CREATE POLICY "join" ON members FOR INSERT TO authenticated WITH CHECK (user_id = auth.uid());
-- case: function behind policies changed
-- old: SELECT role FROM members WHERE role = 'viewer'
CREATE OR REPLACE FUNCTION public.is_member(team bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT EXISTS (SELECT 1 FROM public.members WHERE team_id = team AND user_id = auth.uid() AND role <> 'viewer')
$$;
-- case: everything about tags renamed
-- new: SELECT name FROM topics
ALTER TABLE tags RENAME TO topics;
ALTER TABLE topics RENAME COLUMN label TO name;
-- case: full text search
-- new: SELECT id FROM notes WHERE fts @@ to_tsquery('english', 'two')
ALTER TABLE notes ADD COLUMN fts tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce(title, '') || ' ' || coalesce(body, ''))) STORED;
CREATE INDEX notes_fts ON notes USING gin (fts);
-- case: audit made bigger
-- new: INSERT INTO audit (what, details) VALUES ('x', '{}')
ALTER TABLE audit ADD COLUMN details jsonb;
ALTER TABLE audit ADD COLUMN actor uuid REFERENCES profiles (id);
CREATE INDEX audit_actor ON audit (actor);
-- case: usernames required
ALTER TABLE profiles ALTER COLUMN username SET NOT NULL;
-- case: default privileges and a table
-- new: SELECT id FROM feed
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO anon;
CREATE TABLE feed (id bigint PRIMARY KEY);
-- case: owner goes and the policy of a team stays
-- new: INSERT INTO notes (team_id, title) VALUES (1, 'of a team')
CREATE POLICY "notes of a team" ON public.notes FOR INSERT TO authenticated WITH CHECK (public.is_member(team_id));
DROP POLICY "own notes" ON public.notes;
ALTER TABLE public.notes ALTER COLUMN user_id DROP NOT NULL;
ALTER TABLE public.notes DROP COLUMN user_id;
