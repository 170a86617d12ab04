-- Connections can now be found by the worker; a found one has a confidence.
ALTER TABLE connections ADD COLUMN detected_by TEXT NOT NULL DEFAULT 'reader';

ALTER TABLE connections ADD COLUMN confidence REAL CHECK (confidence BETWEEN 0 AND 1);

-- The same two passages are connected once.
CREATE UNIQUE INDEX idx_connections_pair ON connections (from_chunk_id, to_chunk_id);

COMMENT ON COLUMN connections.detected_by IS 'Who found it: reader or worker';
