-- The indexes stand ready (0066_reopened.py), but for partitions made since, which are
-- small. Each has only what was reopened, which is next to nothing.
SELECT pg_advisory_xact_lock(4343, 3);
CREATE UNIQUE INDEX a_hold_is_reopened_once ON ONLY transfers
    (shard, origin_id, debit_account, (kind LIKE 'un%'))
    WHERE kind IN ('unpost', 'unvoid', 'repost', 'revoid');
CREATE INDEX transfers_again ON ONLY transfers (credit_account, transfer_id)
    WHERE kind IN ('unpost', 'unvoid', 'repost', 'revoid');
DO $$
DECLARE
    child regclass;
BEGIN
    FOR child IN SELECT relid FROM pg_partition_tree('transfers')
        WHERE isleaf AND relid <> 'transfers'::regclass ORDER BY 1
    LOOP
        EXECUTE format('CREATE UNIQUE INDEX IF NOT EXISTS %I ON %s (shard, origin_id,'
            ' debit_account, (kind LIKE ''un%%'')) WHERE kind IN (''unpost'','
            ' ''unvoid'', ''repost'', ''revoid'')', child::text || '_once_each', child);
        EXECUTE format('ALTER INDEX a_hold_is_reopened_once ATTACH PARTITION %I',
            child::text || '_once_each');
        EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %s (credit_account,'
            ' transfer_id) WHERE kind IN (''unpost'', ''unvoid'', ''repost'','
            ' ''revoid'')', child::text || '_again', child);
        EXECUTE format('ALTER INDEX transfers_again ATTACH PARTITION %I',
            child::text || '_again');
    END LOOP;
END $$;

-- Of whose lots a transfer takes or gives what: the one definition of it.
CREATE OR REPLACE FUNCTION effects_of(in_kind text, in_debit bigint, in_credit bigint,
    in_expires date, in_amount bigint)
RETURNS TABLE(member_no bigint, expires_on date, available bigint, pending bigint,
    debt bigint)
LANGUAGE sql IMMUTABLE AS $$
    SELECT in_credit, in_expires,
        CASE in_kind WHEN 'unpost' THEN -in_amount ELSE in_amount END, 0::bigint,
        0::bigint
    WHERE in_kind IN ('posted', 'post', 'repost', 'unpost', 'grant', 'spend_return',
            'purchase', 'merge')
        OR in_kind = 'adjustment' AND in_credit > 0
    UNION ALL SELECT in_credit, 'infinity'::date, 0::bigint,
        CASE WHEN in_kind IN ('pending', 'unpost', 'unvoid') THEN in_amount
            ELSE -in_amount END, 0::bigint
    WHERE in_kind IN ('pending', 'post', 'void', 'repost', 'revoid', 'unpost', 'unvoid')
    UNION ALL SELECT in_debit, in_expires, -in_amount, 0::bigint, 0::bigint
    WHERE in_kind IN ('spend', 'expiry', 'reversal', 'return', 'repayment', 'merge')
        OR in_kind = 'adjustment' AND in_debit > 0
    UNION ALL SELECT -in_debit, 'infinity'::date, 0::bigint, 0::bigint, in_amount
    WHERE in_kind = 'debt'
    UNION ALL SELECT -in_credit, 'infinity'::date, 0::bigint, 0::bigint, -in_amount
    WHERE in_kind = 'repayment'
$$;

-- How rewards that waited have ended, as it stands: by post or void.
CREATE VIEW ends AS
SELECT e.shard, e.origin_id, e.transfer_id, e.debit_account, e.credit_account, e.unit,
    e.amount, e.kind
FROM transfers AS e
WHERE e.kind IN ('post', 'void') AND NOT EXISTS (SELECT FROM transfers AS u
    WHERE u.shard = e.shard AND u.origin_id = e.origin_id
        AND u.debit_account = e.debit_account AND u.kind IN ('unpost', 'unvoid'))
UNION ALL
SELECT e.shard, e.origin_id, e.transfer_id, e.debit_account, e.credit_account, e.unit,
    e.amount, CASE e.kind WHEN 'repost' THEN 'post' ELSE 'void' END
FROM transfers AS e WHERE e.kind IN ('repost', 'revoid');
