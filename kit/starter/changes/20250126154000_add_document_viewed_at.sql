-- Expand: the new name beside the old one
ALTER TABLE documents ADD COLUMN viewed_at TIMESTAMPTZ;

CREATE INDEX idx_documents_viewed_at ON documents(user_id, viewed_at DESC NULLS LAST);

COMMENT ON COLUMN documents.viewed_at IS 'Timestamp when user last opened this document in the reader';
