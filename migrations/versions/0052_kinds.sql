-- Red packets for scans, and a place for each kind that comes.
SET LOCAL lock_timeout = '2s';

-- Tickets have rows of their own, as coupons and gifts do.
INSERT INTO units (unit, kind, name, has_balance) VALUES (4, 'ticket', '', false);

-- Makes what rewards of other kinds than points are, each kind by its owner's step.
CREATE FUNCTION add_kinds_2(
    in_shard smallint, in_scan_ids bigint[], in_members bigint[], in_outcomes text[],
    in_reward_scans integer[], in_chosen boolean[], in_transfers bigint[],
    in_campaigns bigint[], in_offers bigint[], in_kinds text[], in_amounts bigint[],
    in_refs bigint[], in_froms timestamptz[], in_untils timestamptz[],
    in_limit_rewards integer[], in_limit_rows integer[], in_limit_takes bigint[],
    in_limit_onces boolean[], in_limit_nos integer[], in_holders bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    made record;
    took record;
BEGIN
    FOR made IN
        SELECT kind, array_agg(t) AS transfers, array_agg(in_members[s]) AS members,
            array_agg(in_scan_ids[s]) AS scan_ids, array_agg(ref) AS refs,
            array_agg(f) AS froms, array_agg(u) AS untils, array_agg(g) AS campaigns,
            array_agg(o) AS offers, array_agg(a) AS amounts, array_agg(r) AS rewards,
            array_agg(in_outcomes[s] = 'held') AS held
        FROM unnest(in_reward_scans, in_chosen, in_transfers, in_campaigns, in_offers,
            in_kinds, in_amounts, in_refs, in_froms, in_untils) WITH ORDINALITY
            AS u (s, chosen, t, g, o, kind, a, ref, f, u, r)
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
            WHEN 'red_packet' THEN
                -- What a scan takes once stays taken by its other rewards.
                SELECT coalesce(array_agg(p.i), '{}') AS payouts,
                    coalesce(array_agg(in_limit_nos[l.row_]), '{}') AS limit_nos,
                    coalesce(array_agg(l.take), '{}') AS takes,
                    coalesce(array_agg(in_holders[l.row_]), '{}') AS holders
                INTO took
                FROM unnest(in_limit_rewards, in_limit_rows, in_limit_takes,
                    in_limit_onces) AS l (r, row_, take, once)
                JOIN unnest(made.rewards) WITH ORDINALITY AS p (r, i) ON p.r = l.r
                WHERE NOT l.once;
                PERFORM add_payouts(in_shard, now(), made.transfers, made.members,
                    made.scan_ids, made.campaigns, made.offers, made.amounts, made.held,
                    took.payouts::integer[], took.limit_nos, took.takes, took.holders);
            WHEN 'ticket' THEN
                PERFORM add_tickets(in_shard, now(), made.transfers, made.members,
                    made.scan_ids, made.refs::integer[], made.amounts::integer[],
                    made.held);
            WHEN 'card' THEN
                PERFORM complete_sets(in_shard, now(), made.transfers, made.members,
                    made.refs::integer[], made.held);
        END CASE;
    END LOOP;
END $$;

-- The same as it was, with rewards of each kind.
CREATE OR REPLACE FUNCTION pay_scans(
    in_shard smallint, in_days integer[], in_scan_ids bigint[], in_code_ids bigint[],
    in_members bigint[], in_laters boolean[], in_networks inet[], in_devices bytea[],
    in_live boolean[], in_won boolean[], in_claimed text[], in_reasons text[],
    in_claim_scans bigint[], in_reward_scans integer[], in_transfers bigint[],
    in_campaigns bigint[], in_offers bigint[], in_kinds text[], in_units integer[],
    in_amounts bigint[], in_expires integer[], in_refs bigint[],
    in_froms timestamp with time zone[], in_untils timestamp with time zone[],
    in_follows boolean[], in_exclusives boolean[], in_limit_rewards integer[],
    in_limit_rows integer[], in_limit_takes bigint[], in_limit_onces boolean[],
    in_limit_nos integer[], in_holders bigint[], in_periods integer[],
    in_mosts bigint[], OUT outcomes text[], OUT chosen boolean[], OUT refused integer[],
    OUT kept boolean[], OUT repeats bigint[], OUT points bigint[], OUT others integer[],
    OUT campaigns bigint[], OUT availables bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
    step    record;
    counted boolean[];
    alike   boolean := 'points' = ALL (in_kinds);
BEGIN
    LOOP
        BEGIN
            step := choose_rewards_2(in_shard, in_won, in_reward_scans, in_campaigns,
                in_follows, in_exclusives, in_limit_rewards, in_limit_rows,
                in_limit_takes, in_limit_onces, in_limit_nos, in_holders, in_periods,
                in_mosts);
            chosen := step.chosen; refused := step.refused; counted := chosen;
            IF NOT alike THEN
                counted := ARRAY(SELECT c AND k IN ('points', 'card')
                    FROM unnest(chosen, in_kinds) WITH ORDINALITY AS u (c, k, r)
                    ORDER BY r);
            END IF;
            outcomes := end_unpaid_2(
                in_won, in_laters, in_reward_scans, chosen, refused, in_claimed);
            PERFORM take_limits(in_shard, true, step.needs, in_limit_nos, in_holders,
                in_periods, in_mosts);
            kept := give_claims_back(in_shard, in_code_ids, outcomes, in_won);
            repeats := count_sightings(in_shard, in_scan_ids, in_code_ids, in_members,
                in_networks, in_devices, outcomes, in_claim_scans, in_live, kept);
            PERFORM add_rewards(in_shard, in_members, outcomes, in_reward_scans,
                counted, in_units, in_amounts, in_expires);
            PERFORM take_limits(in_shard, false, step.needs, in_limit_nos, in_holders,
                in_periods, in_mosts);
            EXIT;
        EXCEPTION WHEN SQLSTATE 'CC005' THEN
            NULL;  -- Somebody took the last of it and has committed: choose again.
        END;
    END LOOP;
    step := post_rewards_3(in_shard, in_days, in_scan_ids, in_code_ids, in_members,
        in_live, outcomes, in_reasons, in_reward_scans, chosen, in_transfers,
        in_campaigns, in_offers, in_units, in_amounts, in_expires);
    points := step.points; others := step.others; campaigns := step.campaigns;
    availables := step.availables;
    IF 'held' = ANY (outcomes) THEN
        PERFORM keep_takes(in_shard, in_scan_ids, outcomes, in_reward_scans, chosen,
            in_limit_rewards, in_limit_rows, in_limit_takes, in_limit_onces,
            in_limit_nos, in_holders);
    END IF;
    IF NOT alike THEN
        PERFORM add_kinds_2(in_shard, in_scan_ids, in_members, outcomes, in_reward_scans,
            chosen, in_transfers, in_campaigns, in_offers, in_kinds, in_amounts, in_refs,
            in_froms, in_untils, in_limit_rewards, in_limit_rows, in_limit_takes,
            in_limit_onces, in_limit_nos, in_holders);
    END IF;
END $$;

DROP FUNCTION add_kinds(smallint, bigint[], bigint[], text[], integer[], boolean[],
    bigint[], text[], bigint[], timestamptz[], timestamptz[]);
