-- When the worker was done with a document.
ALTER TABLE documents ADD COLUMN processing_completed_at TIMESTAMPTZ;
