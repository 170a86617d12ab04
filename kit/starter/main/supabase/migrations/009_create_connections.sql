-- Two passages that have something to do with each other.
CREATE TABLE connections (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  from_chunk_id UUID NOT NULL REFERENCES chunks (id) ON DELETE CASCADE,
  to_chunk_id UUID NOT NULL REFERENCES chunks (id) ON DELETE CASCADE,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CHECK (from_chunk_id <> to_chunk_id)
);
