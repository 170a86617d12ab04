-- Backfill: what was written before the code wrote both
UPDATE documents SET viewed_at = last_viewed WHERE viewed_at IS NULL AND last_viewed IS NOT NULL;
