-- Codes of caps that nobody prints: who sees one has it from a file or from the key. A
-- row a code, at most a thousand a batch; they stay on one node.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE honey_codes (
    code_id       bigint NOT NULL,
    batch_id      bigint NOT NULL,
    added_by      text NOT NULL,
    added_at      timestamptz NOT NULL,
    looks         bigint NOT NULL DEFAULT 0,
    scans         bigint NOT NULL DEFAULT 0,
    first_seen_at timestamptz,
    last_seen_at  timestamptz,
    CONSTRAINT honey_codes_pkey PRIMARY KEY (code_id),
    CONSTRAINT honey_codes_are_counted CHECK (looks >= 0 AND scans >= 0),
    CONSTRAINT honey_codes_seen_have_times CHECK (
        (looks + scans > 0) = (first_seen_at IS NOT NULL)
        AND (first_seen_at IS NULL) = (last_seen_at IS NULL)
        AND first_seen_at <= last_seen_at)
);

CREATE INDEX honey_codes_of_a_batch ON honey_codes (batch_id, code_id);
