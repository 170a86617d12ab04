-- 200 documents of one user, the same ones every time: no now(), nothing random.
-- "My Test Document" is the first by id and by date.

INSERT INTO documents
  (id, user_id, title, file_name, file_type, uploaded_at, processing_status, processing_completed_at)
SELECT
  ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
  '11111111-1111-4111-8111-111111111111',
  title,
  replace(lower(title), ' ', '-') || '.' || file_type,
  file_type,
  uploaded_at,
  'completed',
  uploaded_at + interval '90 seconds'
FROM (
  SELECT
    n,
    CASE n WHEN 1 THEN 'My Test Document' ELSE
      (ARRAY['Notes on', 'A Field Guide to', 'Against', 'In Praise of', 'A Short History of',
             'Letters about', 'The Grammar of', 'Everyday', 'Questions about', 'Beyond'])[1 + n % 10]
      || ' ' ||
      (ARRAY['Rivers', 'Memory', 'Maps', 'Bread', 'Clocks', 'Gardens', 'Silence', 'Bridges', 'Moss',
             'Handwriting', 'Tides', 'Libraries', 'Salt', 'Looms', 'Migration', 'Roots', 'Bees',
             'Lighthouses', 'Paper', 'Stars'])[1 + (n / 10) % 20]
    END AS title,
    (ARRAY['pdf', 'epub', 'md'])[1 + n % 3] AS file_type,
    timestamptz '2024-11-20 08:00:00+00' + (n - 1) * interval '7 hours 13 minutes' AS uploaded_at
  FROM generate_series(1, 200) AS n
) AS numbered
ORDER BY n;

INSERT INTO chunks (id, document_id, position, content)
SELECT
  ('00000000-0000-4000-9000-' || lpad((2 * n + position)::text, 12, '0'))::uuid,
  ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
  position,
  (ARRAY['Every trail begins as a line that nobody drew on purpose.',
         'What we keep is a small part of what we noticed.',
         'A root has no plan of the field, and fills it.',
         'Two pages far apart may be about the same thing.',
         'Reading again is a different act from reading.'])[1 + (n + 2 * position) % 5]
FROM generate_series(1, 200) AS n, generate_series(0, 1) AS position
ORDER BY n, position;

-- Each document's second passage leads to the first one of the next.
INSERT INTO connections (id, from_chunk_id, to_chunk_id, created_at, detected_by, confidence)
SELECT
  ('00000000-0000-4000-a000-' || lpad(n::text, 12, '0'))::uuid,
  ('00000000-0000-4000-9000-' || lpad((2 * n + 1)::text, 12, '0'))::uuid,
  ('00000000-0000-4000-9000-' || lpad((2 * n + 2)::text, 12, '0'))::uuid,
  timestamptz '2025-01-20 12:00:00+00' + n * interval '1 minute',
  'worker',
  0.5 + (n % 5) / 10.0
FROM generate_series(1, 199) AS n
ORDER BY n;
