-- The newest documents of a user, without sorting all of them.
CREATE INDEX idx_documents_uploaded_at ON documents (user_id, uploaded_at DESC);
