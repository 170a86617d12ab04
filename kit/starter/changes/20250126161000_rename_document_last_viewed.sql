-- Its comment and its values stay with it
ALTER TABLE documents RENAME COLUMN last_viewed TO viewed_at;

ALTER INDEX idx_documents_last_viewed RENAME TO idx_documents_viewed_at;
