-- A shard in each row of the tables of codes, where one was missing: 0 on one machine. A
-- constant default rewrites nothing. docs/decisions/0011 says what it is for.
--
-- The fence keeps batches away for the moment that this takes, and so does the order of
-- the tables, which is that of a batch, whoever else reads them.

SELECT pg_advisory_xact_lock(4343, 1);
ALTER TABLE void_codes ADD COLUMN IF NOT EXISTS shard smallint NOT NULL DEFAULT 0;
ALTER TABLE forgotten_claims ADD COLUMN IF NOT EXISTS shard smallint NOT NULL DEFAULT 0;
ALTER TABLE claims ADD COLUMN IF NOT EXISTS shard smallint NOT NULL DEFAULT 0;
ALTER TABLE sightings ADD COLUMN IF NOT EXISTS shard smallint NOT NULL DEFAULT 0;
ALTER TABLE scans ADD COLUMN IF NOT EXISTS shard smallint NOT NULL DEFAULT 0;
ALTER TABLE scan_traces ADD COLUMN IF NOT EXISTS shard smallint NOT NULL DEFAULT 0;
