-- rewards: what gives gifts, many in one call.

-- Gives each member the gift that they claim directly, if its limits all have room, in
-- the order of requests; `refused` is 0 for those, or the limit that had none. The
-- worker names the transfers, and for each request the rows of its limits. Locks:
-- members' limits, then everybody's.
CREATE FUNCTION claim_gifts(
    in_shard smallint, in_now timestamptz, in_transfers bigint[], in_members bigint[],
    in_gifts integer[], in_addresses bytea[], in_limit_requests integer[],
    in_limit_rows integer[], in_limit_nos integer[], in_holders bigint[],
    in_periods integer[], OUT refused integer[]
) LANGUAGE plpgsql AS $$
DECLARE
    n     integer := cardinality(in_transfers);
    mosts bigint[];
    step  record;
BEGIN
    SELECT coalesce(array_agg(l.most ORDER BY u.i), '{}') INTO mosts
    FROM unnest(in_limit_nos) WITH ORDINALITY AS u (no, i)
    JOIN limits AS l ON l.limit_no = u.no;
    LOOP
        BEGIN
            step := choose_rewards(in_shard, array_fill(true, ARRAY[n]),
                ARRAY(SELECT generate_series(1, n)), array_fill(1::bigint, ARRAY[n]),
                '{}', in_limit_requests, in_limit_rows, in_limit_nos, in_holders,
                in_periods, mosts);
            PERFORM take_limits(in_shard, true, step.needs, in_limit_nos, in_holders,
                in_periods, mosts);
            PERFORM take_limits(in_shard, false, step.needs, in_limit_nos, in_holders,
                in_periods, mosts);
            EXIT;
        EXCEPTION WHEN SQLSTATE 'CC005' THEN
            NULL;  -- Somebody took the last of it and has committed: choose again.
        END;
    END LOOP;
    INSERT INTO member_gifts (shard, transfer_id, member_no, gift_no, changed_at, state,
        address)
    SELECT in_shard, t, m, g, in_now,
        CASE WHEN a IS NULL THEN 'to_collect' ELSE 'to_send' END, a
    FROM unnest(in_transfers, in_members, in_gifts, in_addresses, step.chosen)
        AS u (t, m, g, a, chosen)
    WHERE chosen;
    refused := step.refused;
END $$;

-- Gives members the gifts that scans earned; those of held scans wait with them. Locks
-- nothing.
CREATE FUNCTION add_gifts(
    in_shard smallint, in_now timestamptz, in_transfers bigint[], in_members bigint[],
    in_origins bigint[], in_gifts integer[], in_held boolean[]
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO member_gifts (shard, transfer_id, member_no, origin_id, gift_no,
        changed_at, state)
    SELECT in_shard, t, m, o, g, in_now, CASE WHEN held THEN 'held' ELSE 'won' END
    FROM unnest(in_transfers, in_members, in_origins, in_gifts, in_held)
        AS u (t, m, o, g, held)
$$;

-- Ends the waiting of held gifts, named by their transfers: they are won, or void.
CREATE FUNCTION release_gifts(
    in_shard smallint, in_transfers bigint[], in_posted boolean[]
) RETURNS void LANGUAGE sql SET enable_seqscan = off AS $$
    UPDATE member_gifts AS g SET state = CASE WHEN u.posted THEN 'won' ELSE 'void' END
    FROM unnest(in_transfers, in_posted) AS u (transfer, posted)
    WHERE g.shard = in_shard AND g.transfer_id = u.transfer AND g.state = 'held'
$$;
