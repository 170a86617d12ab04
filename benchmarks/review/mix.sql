-- What migrations of a Supabase project are made of, for a folder of any length: `ledger` stands for a table
-- of its own in each round, `former` for that of the round before.
-- file: table
CREATE TABLE IF NOT EXISTS public.ledger (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  owner uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  name text NOT NULL CHECK (char_length(name) > 0),
  state text NOT NULL DEFAULT 'open',
  parent uuid REFERENCES public.former (id),
  created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE public.ledger ENABLE ROW LEVEL SECURITY;
CREATE POLICY "own rows are read" ON public.ledger FOR SELECT TO authenticated
  USING ((SELECT auth.uid()) = owner);
CREATE POLICY "own rows are written" ON public.ledger FOR INSERT TO authenticated
  WITH CHECK ((SELECT auth.uid()) = owner);
CREATE INDEX IF NOT EXISTS ledger_owner_idx ON public.ledger (owner);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.ledger TO authenticated;
COMMENT ON TABLE public.ledger IS 'what accounts hold';
-- file: columns
ALTER TABLE public.ledger
  ADD COLUMN IF NOT EXISTS note text,
  ADD COLUMN IF NOT EXISTS rank integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT ledger_state_check CHECK (state IN ('open', 'closed', 'gone'));
CREATE UNIQUE INDEX IF NOT EXISTS ledger_name_key ON public.ledger (name);
UPDATE public.ledger SET note = '' WHERE note IS NULL;
-- file: trigger
CREATE OR REPLACE FUNCTION public.touch_ledger() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  NEW.created_at := now();
  RETURN NEW;
END;
$$;
DROP TRIGGER IF EXISTS touch ON public.ledger;
CREATE TRIGGER touch BEFORE UPDATE ON public.ledger
  FOR EACH ROW EXECUTE FUNCTION public.touch_ledger();
-- file: guarded
DO $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'ledger' AND column_name = 'extra') THEN
    ALTER TABLE public.ledger ADD COLUMN extra jsonb DEFAULT '{}'::jsonb;
  END IF;
END;
$$;
CREATE OR REPLACE VIEW public.ledger_open AS SELECT id, owner, name FROM public.ledger WHERE state = 'open';
-- file: policies
DROP POLICY IF EXISTS "own rows are read" ON public.ledger;
CREATE POLICY "own rows are read" ON public.ledger FOR SELECT TO authenticated
  USING (owner = (SELECT auth.uid()) OR state = 'open');
INSERT INTO public.ledger (owner, name) SELECT id, 'first' FROM auth.users ON CONFLICT DO NOTHING;
ALTER TABLE public.ledger DROP COLUMN IF EXISTS rank;
-- file: types
CREATE TYPE public.ledger_kind AS ENUM ('plain', 'fancy');
ALTER TABLE public.ledger ADD COLUMN kind public.ledger_kind;
DROP TYPE IF EXISTS public.ledger_colour CASCADE;
DROP FUNCTION IF EXISTS public.ledger_total(uuid);
CREATE FUNCTION public.ledger_total(account uuid) RETURNS bigint LANGUAGE sql STABLE
  AS $$ SELECT count(*) FROM public.ledger WHERE owner = account $$;
-- file: names
ALTER TABLE public.ledger RENAME COLUMN note TO remark;
ALTER TABLE public.ledger DROP CONSTRAINT ledger_state_check;
ALTER TABLE public.former ADD COLUMN successor uuid REFERENCES public.ledger (id);
DELETE FROM public.ledger WHERE state = 'gone';
