-- The lot comes into the key of balances, and the indexes of transfers are put together.
-- Both stand ready (0050_lots.py), but for partitions that were made since, which are
-- small.
SELECT pg_advisory_xact_lock(4343, 1);

ALTER TABLE balances DROP CONSTRAINT balances_pkey;
ALTER TABLE balances ADD CONSTRAINT balances_pkey PRIMARY KEY USING INDEX balances_by_lot;
ALTER TABLE balances ADD CONSTRAINT nobody_owes_below_zero CHECK (debt >= 0) NOT VALID;
ALTER TABLE balances ADD CONSTRAINT only_what_never_expires_waits
    CHECK (expires_on = 'infinity' OR pending = 0 AND debt = 0) NOT VALID;
ALTER TABLE balances VALIDATE CONSTRAINT nobody_owes_below_zero;
ALTER TABLE balances VALIDATE CONSTRAINT only_what_never_expires_waits;

CREATE INDEX transfers_to_member ON ONLY transfers (credit_account, transfer_id) WHERE kind IN
    ('post', 'void', 'grant', 'spend_return', 'adjustment', 'purchase', 'merge');
CREATE INDEX transfers_from_member ON ONLY transfers (debit_account, transfer_id) WHERE kind IN
    ('spend', 'expiry', 'adjustment', 'reversal', 'debt', 'return', 'merge');
DO $$
DECLARE
    child regclass;
BEGIN
    FOR child IN SELECT relid FROM pg_partition_tree('transfers')
        WHERE isleaf AND relid <> 'transfers'::regclass ORDER BY 1
    LOOP
        EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %s (credit_account, transfer_id) WHERE kind IN'
            ' (''post'', ''void'', ''grant'', ''spend_return'', ''adjustment'','
            ' ''purchase'', ''merge'')', child::text || '_to_member', child);
        EXECUTE format('ALTER INDEX transfers_to_member ATTACH PARTITION %I',
            child::text || '_to_member');
        EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %s (debit_account, transfer_id) WHERE kind IN'
            ' (''spend'', ''expiry'', ''adjustment'', ''reversal'', ''debt'','
            ' ''return'', ''merge'')', child::text || '_from_member', child);
        EXECUTE format('ALTER INDEX transfers_from_member ATTACH PARTITION %I',
            child::text || '_from_member');
    END LOOP;
END $$;

-- When points expire and how they are taken back, in versions that two persons make.
CREATE TABLE programme_versions (
    version       integer NOT NULL,
    state         text NOT NULL,
    terms         jsonb NOT NULL,
    created_by    text NOT NULL,
    created_at    timestamptz NOT NULL,
    approved_by   text,
    approved_at   timestamptz,
    range_version bigint NOT NULL DEFAULT current_range_version(),
    CONSTRAINT programme_versions_pkey PRIMARY KEY (version),
    CONSTRAINT programme_state_is_known CHECK (state IN ('draft', 'active', 'retired')),
    CONSTRAINT programme_takes_two CHECK (state = 'draft' OR approved_by IS NOT NULL
        AND fold_name(approved_by) <> fold_name(created_by))
);
CREATE UNIQUE INDEX one_active_programme ON programme_versions (state)
    WHERE state = 'active';

-- Points that two persons give or take.
CREATE TABLE adjustments (
    adjustment_id bigint NOT NULL,  -- tells when
    member_no     bigint NOT NULL,
    points        bigint NOT NULL,
    reason        text NOT NULL,
    state         text NOT NULL,
    created_by    text NOT NULL,
    approved_by   text,
    approved_at   timestamptz,
    CONSTRAINT adjustments_pkey PRIMARY KEY (adjustment_id),
    CONSTRAINT something_is_adjusted CHECK (points <> 0),
    CONSTRAINT adjustment_state_is_known CHECK (state IN ('waiting', 'posted')),
    CONSTRAINT adjustment_takes_two CHECK ((state = 'posted') = (approved_by IS NOT NULL)
        AND coalesce(fold_name(approved_by) <> fold_name(created_by), true))
);
CREATE INDEX adjustments_of_member ON adjustments (member_no, adjustment_id);

-- What was taken back, once: a spend that was returned, a scan's rewards. Only ever
-- added to.
CREATE TABLE reversals (
    shard       smallint NOT NULL DEFAULT 0,
    origin_id   bigint NOT NULL,  -- of the transfers that it compensates
    reversal_id bigint NOT NULL,  -- tells when
    points      bigint NOT NULL,
    debt        bigint NOT NULL,
    policy      text,
    person      text NOT NULL,
    reason      text NOT NULL,
    CONSTRAINT reversals_pkey PRIMARY KEY (shard, origin_id),
    CONSTRAINT nothing_below_zero_is_reversed CHECK (points >= 0 AND debt >= 0),
    CONSTRAINT debt_has_a_policy CHECK (debt = 0 OR policy = 'debt')
);

-- What members spent, each once by its number, and on what. Only ever added to.
CREATE TABLE spends (
    shard     smallint NOT NULL DEFAULT 0,
    unit      smallint NOT NULL,
    spend_id  bigint NOT NULL,  -- tells when
    member_no bigint NOT NULL,
    amount    bigint NOT NULL,
    because   text NOT NULL,
    CONSTRAINT spends_pkey PRIMARY KEY (shard, spend_id),
    CONSTRAINT something_is_spent CHECK (amount > 0)
);

-- How far members were warned of the points that expire on a day.
CREATE TABLE expiry_warnings (
    expires_on date NOT NULL,
    unit       smallint NOT NULL,
    next_no    bigint,  -- the member to go on with; null when all were warned
    CONSTRAINT expiry_warnings_pkey PRIMARY KEY (expires_on, unit)
);

-- Transfers that are committed and not yet sealed: a row for each that posts some, which
-- goes when they are.
CREATE TABLE unsealed (
    shard       smallint NOT NULL,
    origin_id   bigint NOT NULL,  -- of the first of them
    transfer_id bigint NOT NULL,
    origins     bigint[] NOT NULL,
    transfers   bigint[] NOT NULL,
    CONSTRAINT unsealed_pkey PRIMARY KEY (shard, origin_id, transfer_id)
);

-- Segments of transfers: a Merkle root over what they were, chained to the one before.
-- `entries` are their numbers and the first bytes of their hashes, packed. Only ever
-- added to.
CREATE TABLE seals (
    seal_no   bigint NOT NULL,
    sealed_at timestamptz NOT NULL,
    transfers integer NOT NULL,
    root      bytea NOT NULL,
    chain     bytea NOT NULL,
    entries   bytea NOT NULL,
    CONSTRAINT seals_pkey PRIMARY KEY (seal_no),
    CONSTRAINT a_seal_is_of_something CHECK (transfers > 0),
    CONSTRAINT hashes_are_whole CHECK (length(root) = 32 AND length(chain) = 32)
);

-- Each transfer with a number from here on is sealed, or about to be.
CREATE TABLE sealing (
    only_row    boolean NOT NULL DEFAULT true,
    sealed_from bigint NOT NULL,
    CONSTRAINT sealing_pkey PRIMARY KEY (only_row),
    CONSTRAINT sealing_has_one_row CHECK (only_row)
);
INSERT INTO sealing (sealed_from) SELECT CASE WHEN EXISTS (SELECT FROM transfers)
    THEN first_id_at(now() + interval '1 min') ELSE 0 END;
