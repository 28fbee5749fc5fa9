-- Transfers, holds, members and idempotency keys: a shard first in every key, rows in
-- partitions. docs/decisions/0008 says why they are keyed so. On one machine the shard
-- is 0.
--
-- All is moved in one transaction: whoever interrupts it keeps the old tables. Rows are
-- written before there are indexes, which are then built by sorting.

LOCK TABLE members, idempotency_keys, transfers, holds IN ACCESS EXCLUSIVE MODE;
DROP VIEW entries;
ALTER TABLE members RENAME TO old_members;
ALTER INDEX members_pkey RENAME TO old_members_pkey;
ALTER TABLE idempotency_keys RENAME TO old_idempotency_keys;
ALTER INDEX idempotency_keys_pkey RENAME TO old_idempotency_keys_pkey;
ALTER INDEX idempotency_keys_by_age RENAME TO old_idempotency_keys_by_age;
ALTER TABLE transfers RENAME TO old_transfers;
ALTER INDEX transfers_pkey RENAME TO old_transfers_pkey;
ALTER INDEX a_pending_transfer_ends_once RENAME TO old_pending_transfer_ends_once;
ALTER TABLE holds RENAME TO old_holds;
ALTER INDEX holds_pkey RENAME TO old_holds_pkey;
ALTER INDEX open_holds RENAME TO old_open_holds;

-- core.auth ---------------------------------------------------------------------------

-- Unique across time, so hashed and not partitioned by time; pruned by age instead.
CREATE TABLE idempotency_keys (
    shard      smallint NOT NULL DEFAULT 0,
    key_hash   bytea NOT NULL
        CONSTRAINT key_hash_has_16_bytes CHECK (octet_length(key_hash) = 16),
    body_hash  bytea NOT NULL
        CONSTRAINT body_hash_has_16_bytes CHECK (octet_length(body_hash) = 16),
    owner      bigint NOT NULL,
    status     smallint,
    response   bytea,
    created_at timestamptz NOT NULL
) PARTITION BY HASH (key_hash);

-- rewards -----------------------------------------------------------------------------

-- A number is the time-ordered id of a member's first scan. Campaigns share the space
-- of numbers and are counted from 1, so that they never come to what 2026 begins with.
CREATE TABLE members (
    shard      smallint NOT NULL DEFAULT 0,
    member_no  bigint NOT NULL,
    member_id  text NOT NULL
        CONSTRAINT member_id_is_short CHECK (length(member_id) BETWEEN 1 AND 128),
    created_at timestamptz NOT NULL
) PARTITION BY RANGE (member_no);
ALTER SEQUENCE account_numbers MAXVALUE 1099511627775;

-- By which name the world knows a member. Unique by the name, so a table of its own.
CREATE TABLE identities (
    shard     smallint NOT NULL DEFAULT 0,
    member_id text NOT NULL,
    member_no bigint NOT NULL
) PARTITION BY HASH (member_id);

-- One row moves `amount` points from one account to another. A pending transfer is
-- ended by one row that posts or voids it. `origin_id` is the transfer itself, or the
-- pending one that it ends, so that both lie in one partition and uniqueness holds.
-- The reward of a scan carries its scan_id.
CREATE TABLE transfers (
    shard          smallint NOT NULL DEFAULT 0,
    origin_id      bigint NOT NULL,
    transfer_id    bigint NOT NULL,
    kind           text NOT NULL
        CONSTRAINT kind_is_known CHECK (kind IN ('posted', 'pending', 'post', 'void')),
    debit_account  bigint NOT NULL,
    credit_account bigint NOT NULL,
    amount         bigint NOT NULL CONSTRAINT amount_is_positive CHECK (amount > 0),
    CONSTRAINT accounts_differ CHECK (credit_account <> debit_account),
    CONSTRAINT only_ends_have_another_origin
        CHECK ((origin_id = transfer_id) = (kind IN ('posted', 'pending')))
) PARTITION BY RANGE (origin_id);

-- A reward that waits: for the signals to come back, for a frozen epoch, or a person.
CREATE TABLE holds (
    shard       smallint NOT NULL DEFAULT 0,
    transfer_id bigint NOT NULL,
    code_id     bigint NOT NULL,
    member_no   bigint NOT NULL,
    campaign_no bigint NOT NULL,
    amount      bigint NOT NULL CONSTRAINT amount_is_positive CHECK (amount > 0),
    day         date NOT NULL,
    reason      text NOT NULL
        CONSTRAINT reason_is_known CHECK (reason IN ('signals', 'epoch', 'rules')),
    resolution  text
        CONSTRAINT resolution_is_known CHECK (resolution IN ('posted', 'voided')),
    resolved_at timestamptz,
    CONSTRAINT resolved_at_once
        CHECK ((resolved_at IS NULL) = (resolution IS NULL))
) PARTITION BY RANGE (transfer_id);

-- Partitions --------------------------------------------------------------------------

CREATE TABLE transfers_default PARTITION OF transfers DEFAULT;
CREATE TABLE holds_default PARTITION OF holds DEFAULT;
CREATE TABLE members_default PARTITION OF members DEFAULT;
-- What was numbered by the sequence. Closed: see below.
CREATE TABLE members_numbered PARTITION OF members
    FOR VALUES FROM (MINVALUE) TO (1099511627776);

-- Months of time-ordered ids, ahead of time. The serving role writes no history and
-- owns none, so it may ask for these partitions and not make them: they belong to
-- whoever owns their tables.
CREATE FUNCTION ensure_ledger_partitions(
    parent text, names text[], firsts bigint[], ends bigint[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF parent NOT IN ('members', 'transfers', 'holds') THEN
        RAISE EXCEPTION '% is not a table of the ledger', parent;
    END IF;
    RETURN ensure_time_partitions(parent, names, firsts, ends);
END $$;

DO $$
BEGIN
    FOR i IN 0 .. 15 LOOP
        EXECUTE format('CREATE TABLE idempotency_keys_%s PARTITION OF idempotency_keys'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s)', i, i);
        EXECUTE format('CREATE TABLE identities_%s PARTITION OF identities'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s)', i, i);
    END LOOP;
    -- The months that have something to move. 1767225600000 is core.ids.EPOCH_MS; the
    -- 22 bits are those of a worker's number and its sequence.
    PERFORM ensure_ledger_partitions(
        parent,
        array_agg(to_char(month, 'YYYY_MM') ORDER BY month),
        array_agg(bound ORDER BY month),
        array_agg(next_bound ORDER BY month))
    FROM unnest(ARRAY['transfers', 'holds', 'members']) AS parent, (
        SELECT month, bound, lead(bound) OVER (ORDER BY month) AS next_bound
        FROM (
            SELECT month,
                (extract(epoch FROM month AT TIME ZONE 'UTC') * 1000)::bigint
                    - 1767225600000 << 22 AS bound
            FROM (
                SELECT min(transfer_id) AS first, max(transfer_id) AS last
                FROM old_transfers WHERE transfer_id >= 0) AS ids,
            LATERAL generate_series(
                date_trunc('month', to_timestamp(
                    ((first >> 22) + 1767225600000) / 1000.0) AT TIME ZONE 'UTC'),
                (to_timestamp(((last >> 22) + 1767225600000) / 1000.0)
                    AT TIME ZONE 'UTC') + interval '1 month',
                interval '1 month') AS month) AS months) AS bounded
    WHERE next_bound IS NOT NULL AND bound > 0
    GROUP BY parent;
END $$;

-- The rows ----------------------------------------------------------------------------

INSERT INTO idempotency_keys
    (key_hash, body_hash, owner, status, response, created_at)
SELECT key_hash, body_hash, owner, status, response, created_at
FROM old_idempotency_keys;
INSERT INTO members (member_no, member_id, created_at)
SELECT member_no, member_id, created_at FROM old_members;
INSERT INTO identities (member_id, member_no)
SELECT member_id, member_no FROM old_members;
INSERT INTO transfers
    (origin_id, transfer_id, kind, debit_account, credit_account, amount)
SELECT coalesce(pending_id, transfer_id), transfer_id, kind, debit_account,
    credit_account, amount
FROM old_transfers;
INSERT INTO holds (transfer_id, code_id, member_no, campaign_no, amount, day, reason,
    resolution, resolved_at)
SELECT transfer_id, code_id, member_no, campaign_no, amount, day, reason, resolution,
    resolved_at
FROM old_holds;

DROP TABLE old_idempotency_keys, old_members, old_transfers, old_holds;

ALTER TABLE idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (shard, key_hash);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys USING brin (created_at);
ALTER TABLE members ADD CONSTRAINT members_pkey PRIMARY KEY (shard, member_no);
ALTER TABLE identities ADD CONSTRAINT identities_pkey
    PRIMARY KEY (shard, member_id) INCLUDE (member_no);
ALTER TABLE transfers
    ADD CONSTRAINT transfers_pkey PRIMARY KEY (shard, origin_id, transfer_id);
CREATE UNIQUE INDEX a_pending_transfer_ends_once ON transfers (shard, origin_id)
    INCLUDE (transfer_id) WHERE kind IN ('post', 'void');
ALTER TABLE holds ADD CONSTRAINT holds_pkey PRIMARY KEY (shard, transfer_id);
CREATE INDEX open_holds ON holds (reason, transfer_id) WHERE resolution IS NULL;

ANALYZE idempotency_keys, members, identities, transfers, holds;

-- No new member is numbered low, where campaigns are.
DO $$
BEGIN
    EXECUTE format('ALTER TABLE members_numbered ADD CONSTRAINT'
        ' nobody_is_numbered_any_more CHECK (created_at <= %L)',
        greatest(now(), (SELECT max(created_at) FROM members)));
END $$;

CREATE VIEW entries AS
    SELECT transfer_id, debit_account AS account, -amount AS amount, kind, origin_id
    FROM transfers
    UNION ALL
    SELECT transfer_id, credit_account, amount, kind, origin_id FROM transfers;

-- crowncap.audit ----------------------------------------------------------------------

-- Each audit, and how far it came: an interrupted one goes on, and one of what is recent
-- takes over the totals of the last sound one. `turn` counts the steps that were kept.
CREATE TABLE audits (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope    text NOT NULL
        CONSTRAINT scope_is_known CHECK (scope IN ('full', 'recent')),
    begun_at timestamptz NOT NULL,
    since_id bigint NOT NULL,
    until_id bigint NOT NULL,
    turn     integer NOT NULL,
    progress jsonb NOT NULL,
    ended_at timestamptz,
    sound    boolean,
    CONSTRAINT ended_as CHECK ((ended_at IS NULL) = (sound IS NULL))
);
