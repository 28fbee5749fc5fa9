SET LOCAL lock_timeout = '2s';

-- What a tier of a chance is called, as its campaign says today.
ALTER TABLE offers ADD COLUMN tier_name text NOT NULL DEFAULT '';

-- A campaign may pay no points at all.
ALTER TABLE campaigns DROP CONSTRAINT campaigns_points_check;
ALTER TABLE campaigns ADD CONSTRAINT campaigns_points_in_bounds
    CHECK (points BETWEEN 0 AND 20000000);

-- Ends the waiting of held coupons: they are issued, or never were.
CREATE FUNCTION release_coupons(
    in_shard smallint, in_transfers bigint[], in_posted boolean[]
) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    UPDATE coupons AS c SET state = CASE WHEN u.posted THEN 'issued' ELSE 'denied' END
    FROM unnest(in_transfers, in_posted) AS u (coupon, posted)
    WHERE c.shard = in_shard AND c.coupon_no = u.coupon AND c.state = 'held';
    PERFORM write_outbox(in_shard, 'coupons', issued.ids, NULL)
    FROM (SELECT array_agg(c) AS ids
        FROM unnest(in_transfers, in_posted) AS u (c, posted) WHERE posted) AS issued
    WHERE issued.ids IS NOT NULL;
END $$;

-- Makes what rewards of other kinds than points are, each kind by its owner's step.
CREATE OR REPLACE FUNCTION add_kinds(
    in_shard smallint, in_scan_ids bigint[], in_members bigint[], in_outcomes text[],
    in_reward_scans integer[], in_chosen boolean[], in_transfers bigint[],
    in_kinds text[], in_refs bigint[],
    in_froms timestamptz[], in_untils timestamptz[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    made record;
BEGIN
    FOR made IN
        SELECT kind, array_agg(t) AS transfers, array_agg(in_members[s]) AS members,
            array_agg(in_scan_ids[s]) AS scan_ids, array_agg(ref) AS refs,
            array_agg(f) AS froms, array_agg(u) AS untils,
            array_agg(in_outcomes[s] = 'held') AS held
        FROM unnest(in_reward_scans, in_chosen, in_transfers, in_kinds, in_refs,
            in_froms, in_untils) AS u (s, chosen, t, kind, ref, f, u)
        WHERE chosen AND kind <> 'points'
        GROUP BY kind ORDER BY kind
    LOOP
        CASE made.kind
            WHEN 'coupon' THEN
                PERFORM add_coupons(in_shard, made.transfers, made.members, made.refs,
                    made.scan_ids, made.froms, made.untils, made.held);
            WHEN 'gift' THEN
                PERFORM add_gifts(in_shard, now(), made.transfers, made.members,
                    made.scan_ids, made.refs::integer[], made.held);
        END CASE;
    END LOOP;
END $$;
