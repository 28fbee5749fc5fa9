-- rewards: what adds, releases and ends payouts, many in one call.

-- Tells what became of payouts, as they are by now, in the caller's transaction.
CREATE FUNCTION tell_payouts(in_shard smallint, in_payouts bigint[]) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    told jsonb;
BEGIN
    SELECT jsonb_agg(jsonb_build_array('payout.changed', jsonb_build_object(
        'payout_id', p.payout_id::text, 'member_id', m.member_id,
        'campaign_id', c.campaign_id, 'minor', p.minor, 'currency', p.currency,
        'state', replace(p.state, 'held', 'waiting'), 'fault', p.fault)) ORDER BY i)
    INTO told
    FROM unnest(in_payouts) WITH ORDINALITY AS u (id, i)
    CROSS JOIN LATERAL (SELECT * FROM payouts
        WHERE shard = in_shard AND payout_id = u.id OFFSET 0) AS p
    CROSS JOIN LATERAL (SELECT member_id FROM members
        WHERE shard = in_shard AND member_no = p.member_no OFFSET 0) AS m
    JOIN campaigns AS c ON c.campaign_no = p.campaign_no;
    IF told IS NOT NULL THEN
        PERFORM write_outbox(in_shard, 'told', NULL, told);
    END IF;
END $$;

-- Adds the payouts of a batch of scans: the number of each is that of its reward's
-- transfer. What a payout took comes as (place in in_payouts, limit_no, how much, whose
-- row of limit_uses). Waits for nobody.
CREATE FUNCTION add_payouts(
    in_shard smallint, in_now timestamptz, in_payouts bigint[], in_members bigint[],
    in_origins bigint[], in_campaigns bigint[], in_offers bigint[], in_minors bigint[],
    in_held boolean[], in_limit_payouts integer[] DEFAULT '{}',
    in_limit_nos integer[] DEFAULT '{}', in_limit_takes bigint[] DEFAULT '{}',
    in_limit_holders bigint[] DEFAULT '{}'
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO payouts (shard, payout_id, member_no, origin_id, campaign_no, offer_no,
        minor, created_at, lapses_at, state, next_at, limits, takes, holders)
    SELECT in_shard, p, m, o, c, f, a, in_now, in_now + interval '30 days',
        CASE WHEN held THEN 'held' ELSE 'waiting' END, CASE WHEN NOT held THEN in_now END,
        coalesce(l.limits, '{}'), coalesce(l.takes, '{}'), coalesce(l.holders, '{}')
    FROM unnest(in_payouts, in_members, in_origins, in_campaigns, in_offers, in_minors,
        in_held) WITH ORDINALITY AS u (p, m, o, c, f, a, held, i)
    LEFT JOIN (SELECT payout, array_agg(no ORDER BY no) AS limits,
            array_agg(take ORDER BY no) AS takes, array_agg(holder ORDER BY no) AS holders
        FROM unnest(in_limit_payouts, in_limit_nos, in_limit_takes, in_limit_holders)
            AS u (payout, no, take, holder) GROUP BY 1) AS l ON l.payout = u.i;
END $$;

-- Lets held payouts go once their holds are decided: what is posted waits to be sent,
-- and has its whole time again. The hold itself gave back what it took.
CREATE FUNCTION release_payouts(
    in_shard smallint, in_payouts bigint[], in_posted boolean[],
    in_now timestamptz DEFAULT now()
) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    released bigint[];
BEGIN
    WITH done AS (
        UPDATE payouts AS p SET version = p.version + 1,
            state = CASE WHEN u.posted THEN 'waiting' ELSE 'cancelled' END,
            next_at = CASE WHEN u.posted THEN in_now END,
            lapses_at = in_now + (p.lapses_at - p.created_at)
        FROM unnest(in_payouts, in_posted) AS u (id, posted)
        WHERE p.shard = in_shard AND p.payout_id = u.id AND p.state = 'held'
        RETURNING p.payout_id
    )
    SELECT array_agg(payout_id ORDER BY payout_id) INTO released FROM done;
    PERFORM tell_payouts(in_shard, released);
END $$;

-- Gives back what payouts took of limits, of members or of everybody, in the period of
-- the business day of their scans. A row of a day that is long over may be gone, and
-- nobody misses it.
CREATE FUNCTION give_back_of_payouts(
    in_shard smallint, in_of_members boolean, in_payouts bigint[], in_days integer[]
) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    taken record;
BEGIN
    FOR taken IN
        SELECT t.holder, t.limit_no, date 'epoch'
            + CASE WHEN l.per LIKE '%day' THEN u.day ELSE 0 END AS period,
            sum(t.take)::bigint AS amount
        FROM unnest(in_payouts, in_days) AS u (id, day)
        CROSS JOIN LATERAL (SELECT * FROM payouts
            WHERE shard = in_shard AND payout_id = u.id OFFSET 0) AS p
        CROSS JOIN LATERAL unnest(p.limits, p.takes, p.holders)
            AS t (limit_no, take, holder)
        JOIN limits AS l ON l.limit_no = t.limit_no
        WHERE (t.holder > 0) = in_of_members GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    LOOP
        UPDATE limit_uses SET used = used - taken.amount
        WHERE shard = in_shard AND limit_no = taken.limit_no AND holder = taken.holder
            AND period = taken.period;
    END LOOP;
END $$;

-- Ends payouts, each once: what ends unpaid gives back what it took of limits, and a
-- transfer under a number that the worker chose takes its reward back. Tells which did.
-- Locks payouts by number, then limits as a commit does: everybody's last.
CREATE FUNCTION end_payouts(
    in_shard smallint, in_payouts bigint[], in_states text[], in_faults text[],
    in_transfers bigint[], in_days integer[], in_unit smallint
) RETURNS bigint[] LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    ended  bigint[];
    unpaid record;
BEGIN
    PERFORM FROM payouts WHERE shard = in_shard AND payout_id = ANY (in_payouts)
    ORDER BY payout_id FOR UPDATE;
    WITH done AS (
        UPDATE payouts AS p SET version = p.version + 1, state = u.state,
            fault = coalesce(u.fault, p.fault), next_at = NULL, confirmation = NULL
        FROM unnest(in_payouts, in_states, in_faults) AS u (id, state, fault)
        WHERE p.shard = in_shard AND p.payout_id = u.id
            AND p.state NOT IN ('held', 'paid', 'cancelled', 'failed')
        RETURNING p.payout_id
    )
    SELECT coalesce(array_agg(payout_id ORDER BY payout_id), '{}') INTO ended FROM done;
    SELECT coalesce(array_agg(id), '{}') AS ids, array_agg(day) AS days,
        array_agg(transfer) AS transfers INTO unpaid
    FROM unnest(in_payouts, in_states, in_days, in_transfers) AS u (id, state, day, transfer)
    WHERE id = ANY (ended) AND state <> 'paid';
    PERFORM give_back_of_payouts(in_shard, true, unpaid.ids, unpaid.days);
    INSERT INTO transfers (shard, origin_id, transfer_id, kind, debit_account,
        credit_account, unit, amount)
    SELECT in_shard, p.origin_id, u.transfer, 'reversal', p.member_no, p.offer_no,
        in_unit, p.minor
    FROM unnest(unpaid.ids, unpaid.transfers) AS u (id, transfer)
    CROSS JOIN LATERAL (SELECT * FROM payouts
        WHERE shard = in_shard AND payout_id = u.id OFFSET 0) AS p;
    PERFORM give_back_of_payouts(in_shard, false, unpaid.ids, unpaid.days);
    PERFORM tell_payouts(in_shard, ended);
    RETURN ended;
END $$;
