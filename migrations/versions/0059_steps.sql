-- Rows of one limit may have different mosts, where it counts claims.
CREATE OR REPLACE FUNCTION take_limits(
    in_shard smallint, in_of_members boolean, in_needs bigint[],
    in_limit_nos integer[], in_holders bigint[], in_periods integer[],
    in_mosts bigint[]
) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    wanted record;
    taken  integer;
BEGIN
    SELECT count(*) AS rows_, min(limit_no) AS limit_no, min(most) AS most,
        date 'epoch' + min(period) AS period, array_agg(holder) AS holders,
        array_agg(need) AS needs,
        (min(limit_no), min(period), min(most))
            = (max(limit_no), max(period), max(most)) AS alike
    INTO wanted
    FROM unnest(in_needs, in_limit_nos, in_holders, in_periods, in_mosts)
        AS u (need, limit_no, holder, period, most)
    WHERE need > 0 AND (holder > 0) = in_of_members;
    IF wanted.rows_ = 0 THEN
        RETURN;
    END IF;
    IF wanted.alike AND wanted.rows_ = (SELECT count(*) FROM limit_uses
        WHERE shard = in_shard AND limit_no = wanted.limit_no
            AND holder = ANY (wanted.holders) AND period = wanted.period) THEN
        UPDATE limit_uses AS v SET most = wanted.most,
            used = v.used + wanted.needs[array_position(wanted.holders, v.holder)]
        WHERE v.shard = in_shard AND v.limit_no = wanted.limit_no
            AND v.holder = ANY (wanted.holders) AND v.period = wanted.period
            AND v.used + wanted.needs[array_position(wanted.holders, v.holder)]
                <= wanted.most;
    ELSE
        INSERT INTO limit_uses AS v (shard, limit_no, holder, period, used, most)
        SELECT in_shard, limit_no, holder, date 'epoch' + period, need, most
        FROM unnest(in_needs, in_limit_nos, in_holders, in_periods, in_mosts)
            AS u (need, limit_no, holder, period, most)
        WHERE need > 0 AND (holder > 0) = in_of_members
        ORDER BY holder, limit_no, period
        ON CONFLICT (shard, limit_no, holder, period) DO UPDATE SET
            used = v.used + excluded.used, most = excluded.most
        WHERE v.used + excluded.used <= excluded.most;
    END IF;
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF taken < wanted.rows_ THEN
        RAISE EXCEPTION 'a limit was taken from meanwhile' USING ERRCODE = 'CC005';
    END IF;
END $$;

-- As it was; and a claim whose member had another one since it was planned is planned
-- anew: the count of claims is the last limit of each reward, and nobody's.
CREATE OR REPLACE FUNCTION end_unpaid_2(
    in_won boolean[], in_laters boolean[], in_reward_scans integer[],
    in_chosen boolean[], in_refused integer[], INOUT outcomes text[]
) LANGUAGE plpgsql AS $$
DECLARE
    unpaid record;
BEGIN
    IF NOT 0 <> ANY (in_refused) THEN
        RETURN;
    END IF;
    FOR unpaid IN
        SELECT u.s, bool_or(coalesce(l.per <> 'total', u.limit_no = -3)) AS waits,
            bool_or(l.limit_no IS NOT NULL AND num_nonnulls(
                l.campaign_no, l.pool_no, l.gift_no, l.draw_no) = 0) AS counted
        FROM unnest(in_reward_scans, in_chosen, in_refused) AS u (s, chosen, limit_no)
        LEFT JOIN limits AS l ON l.limit_no = u.limit_no
        GROUP BY u.s HAVING NOT bool_or(u.chosen)
    LOOP
        CONTINUE WHEN NOT in_won[unpaid.s];
        IF unpaid.counted THEN
            RAISE EXCEPTION 'its member has claimed another code meanwhile'
                USING ERRCODE = 'CC006';
        END IF;
        outcomes[unpaid.s] := CASE WHEN unpaid.waits OR in_laters[unpaid.s]
            THEN 'limit_reached' ELSE 'no_reward' END;
    END LOOP;
END $$;
