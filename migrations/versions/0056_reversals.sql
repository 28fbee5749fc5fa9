-- rewards: what is taken back of scans.
SET LOCAL lock_timeout = '2s';

-- Of a scan: how much room was given back to which rows of limit_uses, in the scan's own
-- periods, and what was told. What was taken back before this gave no room.
ALTER TABLE reversals
    ADD COLUMN limits integer[] NOT NULL DEFAULT '{}',
    ADD COLUMN takes bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN holders bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN told jsonb,
    ADD CONSTRAINT room_is_of_limits CHECK (cardinality(limits) = cardinality(takes)
        AND cardinality(limits) = cardinality(holders));

-- What was taken back is taken off what campaigns came to, from the beginning: the job
-- counts anew.
UPDATE figures_counted SET era = NULL, xid = NULL, place = NULL;
