-- Claims that ended with a decision, and who may not claim their codes again.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE released_claims (
    code_id    bigint NOT NULL,
    member_no  bigint NOT NULL,
    scan_id    bigint NOT NULL,
    shard      smallint NOT NULL DEFAULT 0,
    -- That its decision was taken back: the claim is its member's again.
    taken_back boolean NOT NULL DEFAULT false,
    CONSTRAINT released_claims_pkey PRIMARY KEY (shard, code_id, member_no)
);
CREATE INDEX released_claims_by_scan ON released_claims (scan_id);

-- A scan that claims no more is counted with the others, until it claims again. The
-- constraint of before implies this one; 0077b reads the rows beside everybody.
ALTER TABLE sightings DROP CONSTRAINT sightings_scans_check;
ALTER TABLE sightings ADD CONSTRAINT sightings_are_counted CHECK (scans >= 0) NOT VALID;
