-- Whole files of plain SQL.
-- case: domain and a column of it
-- new: UPDATE jobs SET weight = 3
CREATE DOMAIN weight AS integer CHECK (VALUE >= 0);
ALTER TABLE jobs ADD COLUMN weight weight;
-- case: required domain
-- new: INSERT INTO slots (room, label) VALUES (1, 'x')
CREATE DOMAIN label AS text NOT NULL DEFAULT 'none';
ALTER TABLE slots ADD COLUMN label label;
-- case: domain check made wider
-- new: INSERT INTO shop.clients (contact) VALUES ('nobody')
ALTER DOMAIN email DROP CONSTRAINT has_at;
ALTER DOMAIN email ADD CONSTRAINT has_at CHECK (VALUE LIKE '%@%' OR VALUE = 'nobody');
-- case: domain check made again
ALTER DOMAIN email DROP CONSTRAINT has_at;
ALTER DOMAIN email ADD CONSTRAINT has_at CHECK (VALUE LIKE '%@%');
-- case: partition with its index
-- new: INSERT INTO events (at) VALUES ('2026-05-05')
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX events_2026_kind ON events_2026 (kind);
-- case: partition attached
-- new: INSERT INTO events (at) VALUES ('2026-05-05')
CREATE TABLE events_2026 (LIKE events INCLUDING DEFAULTS);
ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
-- case: partition goes
ALTER TABLE events DETACH PARTITION events_2024;
DROP TABLE events_2024;
-- case: schema with tables
-- new: SELECT 1
CREATE SCHEMA audit;
CREATE TABLE audit.log (id bigserial PRIMARY KEY, what text);
GRANT USAGE ON SCHEMA audit TO authenticated;
GRANT SELECT ON audit.log TO authenticated;
-- case: schema with a table that code reads
-- new: SELECT what FROM audit.log
CREATE SCHEMA IF NOT EXISTS audit;
CREATE TABLE IF NOT EXISTS audit.log (id bigserial PRIMARY KEY, what text);
GRANT USAGE ON SCHEMA audit TO authenticated;
GRANT SELECT ON ALL TABLES IN SCHEMA audit TO authenticated;
-- case: sequence for a column
-- new: SELECT n FROM slots
CREATE SEQUENCE slot_n;
ALTER TABLE slots ADD COLUMN n bigint NOT NULL DEFAULT nextval('slot_n');
ALTER SEQUENCE slot_n OWNED BY slots.n;
GRANT USAGE ON SEQUENCE slot_n TO authenticated;
-- case: sequence for a column without its right
-- new: SELECT n FROM slots
CREATE SEQUENCE slot_n;
ALTER TABLE slots ADD COLUMN n bigint NOT NULL DEFAULT nextval('slot_n');
-- case: function with a default by drop
-- new: SELECT add(1, 2, 3)
DROP FUNCTION add(integer, integer);
CREATE FUNCTION add(a integer, b integer, c integer DEFAULT 0) RETURNS integer LANGUAGE sql AS $$ SELECT a + b + c $$;
-- case: function overloaded then dropped
-- new: SELECT add(1, 2, 3)
CREATE FUNCTION add(a integer, b integer, c integer DEFAULT 0) RETURNS integer LANGUAGE sql AS $$ SELECT a + b + c $$;
DROP FUNCTION add(integer, integer);
-- case: procedure made again
DROP PROCEDURE tidy();
CREATE PROCEDURE tidy() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM jobs WHERE tries > 100; END $$;
-- case: function made and called
CREATE FUNCTION backfill() RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO staging.raw VALUES ('z', 9); END $$;
SELECT backfill();
DROP FUNCTION backfill();
-- case: function made and called for a new column
-- new: SELECT lane FROM jobs
ALTER TABLE jobs ADD COLUMN lane text;
CREATE FUNCTION backfill() RETURNS void LANGUAGE plpgsql AS $$ BEGIN UPDATE jobs SET lane = queue; END $$;
SELECT backfill();
DROP FUNCTION backfill();
-- case: do block with several
-- new: SELECT lane FROM jobs
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'jobs' AND column_name = 'lane') THEN
        ALTER TABLE jobs ADD COLUMN lane text;
        UPDATE jobs SET lane = 'a';
        ALTER TABLE jobs ALTER COLUMN lane SET NOT NULL;
        ALTER TABLE jobs ALTER COLUMN lane SET DEFAULT 'a';
    END IF;
END $$;
-- case: do block that hides a drop
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'jobs' AND column_name = 'run_at') THEN
        ALTER TABLE jobs DROP COLUMN run_at;
    END IF;
END $$;
-- case: do block that hides a required column
-- new: INSERT INTO jobs (id, lane) VALUES (50, 'x')
DO $$ BEGIN ALTER TABLE jobs ADD COLUMN lane text DEFAULT 'a' NOT NULL; ALTER TABLE jobs ALTER COLUMN lane DROP DEFAULT; END $$;
-- case: cte that deletes
-- old: SELECT 1 FROM staging.raw WHERE n = 1
WITH gone AS (DELETE FROM staging.raw WHERE n = 1 RETURNING *) INSERT INTO staging.raw SELECT 'kept', 100 FROM gone;
-- case: upsert of a value that is read
-- old: SELECT 1 FROM jobs WHERE id = 1 AND queue = 'default'
INSERT INTO jobs (id, queue) VALUES (1, 'other') ON CONFLICT (id) DO UPDATE SET queue = excluded.queue;
-- case: jobs swapped by name
-- new: SELECT lane FROM jobs
ALTER TABLE jobs RENAME TO jobs_old;
CREATE TABLE jobs (id integer PRIMARY KEY, lane text);
-- case: temporary copy and back
CREATE TEMP TABLE kept AS SELECT * FROM slots;
TRUNCATE slots;
INSERT INTO slots SELECT * FROM kept;
-- case: lock and column
-- new: SELECT lane FROM jobs
LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE;
ALTER TABLE jobs ADD COLUMN lane text;
-- case: generated column again
-- new: SELECT 1 FROM shop.parts WHERE area = 1000
ALTER TABLE shop.parts DROP COLUMN area;
ALTER TABLE shop.parts ADD COLUMN area integer GENERATED ALWAYS AS (width * height + 1000) STORED;
-- case: identity instead of a default
-- new: INSERT INTO jobs (queue) VALUES ('x')
ALTER TABLE jobs ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (START WITH 1000);
-- case: key made again as identity
ALTER TABLE jobs DROP CONSTRAINT jobs_pkey;
ALTER TABLE jobs ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);
-- case: comments only
COMMENT ON TABLE jobs IS 'a';
COMMENT ON COLUMN jobs.queue IS 'b';
-- case: number of attempts checked
ALTER TABLE jobs ADD CONSTRAINT tries_few CHECK (tries < 100);
ALTER TABLE jobs ADD CONSTRAINT tries_some CHECK (tries >= 0);
-- case: views on views
-- new: SELECT queue FROM busy
CREATE VIEW queues AS SELECT queue, count(*) AS n FROM jobs GROUP BY queue;
CREATE VIEW busy AS SELECT queue FROM queues WHERE n > 0;
-- case: composite made and used
-- new: SELECT (p).a FROM slots
CREATE TYPE pair AS (a integer, b integer);
ALTER TABLE slots ADD COLUMN p pair;
-- case: enum renamed around
-- new: SELECT 'ok'::feeling
ALTER TYPE mood RENAME TO feeling;
ALTER TABLE shop.clients ALTER COLUMN mood SET DEFAULT 'sad';
-- case: queue table
-- new: INSERT INTO tasks (payload) VALUES ('{}')
CREATE TABLE tasks (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload jsonb NOT NULL, state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done')));
CREATE INDEX tasks_new ON tasks (id) WHERE state = 'new';
GRANT ALL ON tasks TO authenticated;
-- case: queue table without rights
-- new: service_role: SELECT 1
CREATE TABLE tasks (id bigint PRIMARY KEY);
ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
-- case: jobs with a key to a new table
-- new: UPDATE jobs SET worker_id = NULL
CREATE TABLE workers (id integer PRIMARY KEY);
ALTER TABLE jobs ADD COLUMN worker_id integer;
ALTER TABLE jobs ADD CONSTRAINT jobs_worker FOREIGN KEY (worker_id) REFERENCES workers (id);
-- case: parts measured in two units
-- new: SELECT width_mm FROM shop.parts
ALTER TABLE shop.parts ADD COLUMN width_mm numeric GENERATED ALWAYS AS (width * 25.4) STORED;
COMMENT ON COLUMN shop.parts.width_mm IS 'mm';
-- case: clients lose a column and gain one
-- new: SELECT phone FROM shop.clients
ALTER TABLE shop.clients ADD COLUMN phone text, DROP COLUMN notes;
-- case: mood gains and a default changes
-- new: UPDATE shop.clients SET mood = 'calm'
ALTER TYPE mood ADD VALUE 'calm';
COMMENT ON TYPE mood IS 'moods';
-- case: staging goes
DROP TABLE staging.raw;
DROP FUNCTION purge();
-- case: staging schema goes
DROP FUNCTION purge();
DROP SCHEMA staging CASCADE;
-- case: tables behind row security for some
-- old: INSERT INTO slots VALUES (3, '[1,2)')
ALTER TABLE slots ENABLE ROW LEVEL SECURITY;
CREATE POLICY slots_read ON slots FOR SELECT TO authenticated USING (true);
-- case: helper made and used in a default
-- new: SELECT ref FROM jobs
CREATE FUNCTION new_ref() RETURNS text LANGUAGE sql AS $$ SELECT 'r' || nextval('shop.invoice_numbers') $$;
ALTER TABLE jobs ADD COLUMN ref text DEFAULT new_ref();
-- case: events indexed in each part
CREATE INDEX e24 ON events_2024 (kind);
CREATE INDEX e25 ON events_2025 (kind);
-- case: event payload required
ALTER TABLE events ADD CONSTRAINT payload_given CHECK (payload IS NOT NULL) NOT VALID;
-- case: old rows out and a check in
DELETE FROM staging.raw WHERE n IS NULL;
ALTER TABLE staging.raw ALTER COLUMN n SET NOT NULL;
-- case: do block over what it finds
DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'nowhere' LOOP EXECUTE format('DROP TABLE %I', t); END LOOP; END $$;
-- case: do block with both branches
-- new: SELECT lane FROM jobs
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_class WHERE relname = 'jobs') THEN
        ALTER TABLE jobs ADD COLUMN IF NOT EXISTS lane text;
    ELSE
        RAISE NOTICE 'no jobs';
    END IF;
END $$;
-- case: drop column that a trigger fills
-- new: INSERT INTO invoices (number, total, tip, currency, due, tier, person, firm, seat, shelf, drawer) VALUES (3, 10, 1, 'EUR', '2024-03-01', 'low', 'Cy', 'C & Co', 3, 'c', 'c')
DROP TRIGGER invoices_name ON invoices;
ALTER TABLE invoices DROP COLUMN slug;
-- case: drop not null and the column
-- new: INSERT INTO invoices (number, total, tip, currency, due, person, firm, slug, seat, shelf, drawer) VALUES (3, 10, 1, 'EUR', '2024-03-01', 'Cy', 'C & Co', '', 3, 'c', 'c')
ALTER TABLE invoices ALTER COLUMN tier DROP NOT NULL;
ALTER TABLE invoices DROP COLUMN tier;
