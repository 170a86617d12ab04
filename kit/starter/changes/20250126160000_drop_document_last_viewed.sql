-- Its index and its comment go with it
ALTER TABLE documents DROP COLUMN last_viewed;
