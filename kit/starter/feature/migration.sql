-- supabase/migrations/20250126153000_add_document_last_viewed.sql

-- Add last_viewed timestamp column
ALTER TABLE documents ADD COLUMN last_viewed TIMESTAMPTZ;

-- Create index for efficient queries (most recently viewed)
CREATE INDEX idx_documents_last_viewed ON documents(user_id, last_viewed DESC NULLS LAST);

-- Add comment for documentation
COMMENT ON COLUMN documents.last_viewed IS 'Timestamp when user last opened this document in the reader';
