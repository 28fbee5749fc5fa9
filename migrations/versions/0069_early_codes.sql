-- Codes that were scanned or looked at before their caps were active. A row a code and
-- none a look, at most a thousand a package or roll; they stay on one node.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE early_codes (
    code_id  bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL,
    looks    bigint NOT NULL,
    scans    bigint NOT NULL,
    CONSTRAINT early_codes_pkey PRIMARY KEY (code_id),
    CONSTRAINT early_codes_were_seen
        CHECK (looks >= 0 AND scans >= 0 AND looks + scans > 0)
);

-- Finds the roll of a code, in a batch of a hundred thousand.
CREATE INDEX batch_units_in_order ON batch_units (batch_id, from_index);
