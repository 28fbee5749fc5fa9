-- rewards: what issues and redeems coupons, many in one call.

-- Issues a coupon for each request whose pool's limits all have room, in their order;
-- `refused` is 0 for those, or the limit that had none. The worker names the numbers,
-- and for each request the rows of its limits. Locks: members' limits, then coupons,
-- then everybody's limits.
CREATE FUNCTION issue_coupons(
    in_shard smallint, in_now timestamptz, in_coupons bigint[], in_members bigint[],
    in_pools integer[], in_froms timestamptz[], in_untils timestamptz[],
    in_limit_requests integer[], in_limit_rows integer[],
    in_limit_nos integer[], in_holders bigint[], in_periods integer[],
    OUT refused integer[]
) LANGUAGE plpgsql AS $$
DECLARE
    n     integer := cardinality(in_coupons);
    mosts bigint[];
    step  record;
BEGIN
    -- A pool's stock changes behind the fence, which the caller shares.
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
            INSERT INTO coupons (shard, coupon_no, member_no, pool_no, issued_at,
                valid_from, valid_until)
            SELECT in_shard, c, m, p, in_now, f, t
            FROM unnest(in_coupons, in_members, in_pools, in_froms, in_untils,
                step.chosen) AS u (c, m, p, f, t, chosen)
            WHERE chosen;
            PERFORM take_limits(in_shard, false, step.needs, in_limit_nos, in_holders,
                in_periods, mosts);
            EXIT;
        EXCEPTION WHEN SQLSTATE 'CC005' THEN
            NULL;  -- Somebody took the last of it and has committed: choose again.
        END;
    END LOOP;
    refused := step.refused;
END $$;

-- Uses each coupon that is there to be used, once, whoever else asks meanwhile. `won`
-- are the redemptions that did; the worker has judged all that does not change. Locks
-- coupons in the order of their numbers.
CREATE FUNCTION redeem_coupons(
    in_shard smallint, in_redemptions bigint[], in_coupons bigint[],
    in_discounts bigint[], in_baskets bigint[], in_stores text[], in_persons text[],
    in_orders text[], OUT won boolean[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    used bigint[];
BEGIN
    PERFORM FROM coupons WHERE shard = in_shard AND coupon_no = ANY (in_coupons)
    ORDER BY coupon_no FOR UPDATE;
    WITH done AS (
        UPDATE coupons SET state = 'redeemed',
            redemption_id = in_redemptions[array_position(in_coupons, coupon_no)]
        WHERE shard = in_shard AND coupon_no = ANY (in_coupons) AND state = 'issued'
        RETURNING redemption_id
    )
    SELECT coalesce(array_agg(redemption_id), '{}') INTO used FROM done;
    INSERT INTO redemptions (shard, redemption_id, coupon_no, discount_minor,
        basket_minor, store_id, person, order_ref)
    SELECT in_shard, r, n, d, b, s, p, o
    FROM unnest(in_redemptions, in_coupons, in_discounts, in_baskets, in_stores,
        in_persons, in_orders) AS u (r, n, d, b, s, p, o)
    WHERE r = ANY (used);
    won := ARRAY(SELECT r = ANY (used)
        FROM unnest(in_redemptions) WITH ORDINALITY AS u (r, i) ORDER BY i);
END $$;
