-- A document is a file that somebody uploaded to read.
CREATE TABLE documents (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id UUID NOT NULL,
  title TEXT,
  file_name TEXT,
  file_type TEXT NOT NULL,
  uploaded_at TIMESTAMPTZ DEFAULT now(),
  processing_status TEXT DEFAULT 'pending'
);
