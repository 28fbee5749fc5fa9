-- rewards: tickets and cards among what a scan earns.

DROP FUNCTION commit_scans_3(smallint, bigint, integer[], bigint[], bigint[], bigint[],
    text[], boolean[], boolean[], text[], bytea[], inet[], bytea[], bigint[], bytea[],
    bytea[], integer[], bigint[], bigint[], bigint[], text[], integer[], bigint[],
    integer[], bigint[], timestamptz[], timestamptz[], boolean[], boolean[], integer[],
    integer[], bigint[], boolean[], integer[], bigint[], integer[], bigint[]);
DROP FUNCTION pay_scans(smallint, integer[], bigint[], bigint[], bigint[], boolean[],
    inet[], bytea[], boolean[], boolean[], text[], text[], bigint[], integer[],
    bigint[], bigint[], bigint[], text[], integer[], bigint[], integer[], bigint[],
    timestamp with time zone[], timestamp with time zone[], boolean[], boolean[],
    integer[], integer[], bigint[], boolean[], integer[], bigint[], integer[],
    bigint[]);
DROP FUNCTION choose_rewards_2(smallint, boolean[], integer[], bigint[], boolean[],
    boolean[], integer[], integer[], bigint[], boolean[], integer[],
    bigint[], integer[], bigint[]);
DROP FUNCTION add_kinds_2(smallint, bigint[], bigint[], text[], integer[], boolean[],
    bigint[], bigint[], bigint[], text[], bigint[], bigint[], timestamptz[],
    timestamptz[], integer[], integer[], bigint[], boolean[], integer[], bigint[]);
DROP FUNCTION release_tickets(smallint, bigint[], boolean[]);

-- What there is none of at `in_now`, of rewards in their order: -2 for tickets of a draw
-- that is over, -3 of one that has not begun, else 0.
CREATE FUNCTION find_absent(
    in_now timestamptz, in_kinds text[], in_refs bigint[]
) RETURNS integer[] LANGUAGE sql SET enable_seqscan = off AS $$
    SELECT array_agg(CASE WHEN in_now < d.opens_at THEN -3
        WHEN in_now >= d.closes_at OR c.frozen_at IS NOT NULL THEN -2 ELSE 0 END
        ORDER BY i)
    FROM unnest(in_kinds, in_refs) WITH ORDINALITY AS u (kind, ref, i)
    LEFT JOIN draws AS d ON u.kind = 'ticket' AND d.draw_no = u.ref
    LEFT JOIN draw_counters AS c ON c.draw_no = d.draw_no
$$;

-- Which rewards are paid, in their order: those whose scan has won, whose limits all
-- have room, that there is some of (`in_absent`: find_absent), and that no exclusive
-- campaign before them keeps out. One that follows is paid only in place of the one
-- before it. `refused` is the limit that had no room, what find_absent says, or -1 for
-- what an exclusive campaign kept out. A limit that counts scans is taken from once a
-- scan. `needs` is what the chosen take of each row.
CREATE FUNCTION choose_rewards_3(
    in_shard smallint, in_won boolean[], in_reward_scans integer[],
    in_campaigns bigint[], in_follows boolean[], in_exclusives boolean[],
    in_absent integer[], in_limit_rewards integer[], in_limit_rows integer[],
    in_limit_takes bigint[], in_limit_onces boolean[], in_limit_nos integer[],
    in_holders bigint[], in_periods integer[], in_mosts bigint[],
    OUT chosen boolean[], OUT refused integer[], OUT needs bigint[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    n      integer := cardinality(in_reward_scans);
    rooms  bigint[];
    ended  bigint;  -- the exclusive campaign that has paid this scan
    once   integer[];  -- the rows that this scan was counted in
    handed boolean := false;  -- whether the one before gives its place to this one
    wanted boolean;
    first  integer;
    p      integer := 1;
    row_   integer;
BEGIN
    chosen := array_fill(false, ARRAY[n]);
    refused := array_fill(0, ARRAY[n]);
    needs := array_fill(0::bigint, ARRAY[cardinality(in_limit_nos)]);
    IF in_limit_nos <> '{}' THEN
        SELECT array_agg(most - coalesce((SELECT v.used FROM limit_uses AS v
            WHERE v.shard = in_shard AND v.limit_no = u.limit_no
                AND v.holder = u.holder AND v.period = date 'epoch' + u.period), 0))
        INTO rooms
        FROM unnest(in_limit_nos, in_holders, in_periods, in_mosts)
            AS u (limit_no, holder, period, most);
    END IF;
    FOR r IN 1 .. n LOOP
        IF r = 1 OR in_reward_scans[r] <> in_reward_scans[r - 1] THEN
            ended := 0; once := '{}';
        END IF;
        wanted := in_won[in_reward_scans[r]] IS TRUE AND (handed OR NOT in_follows[r]);
        IF wanted AND ended NOT IN (0, in_campaigns[r]) THEN
            wanted := false; refused[r] := -1;
        END IF;
        IF wanted AND in_absent[r] <> 0 THEN
            refused[r] := in_absent[r];
        END IF;
        first := p;
        WHILE in_limit_rewards[p] = r LOOP
            row_ := in_limit_rows[p];
            IF wanted AND refused[r] >= 0
                AND rooms[row_] - needs[row_] < in_limit_takes[p]
                AND NOT (in_limit_onces[p] AND row_ = ANY (once)) THEN
                refused[r] := in_limit_nos[row_];
            END IF;
            p := p + 1;
        END LOOP;
        handed := wanted AND refused[r] <> 0;
        CONTINUE WHEN handed OR NOT wanted;
        chosen[r] := true;
        FOR q IN first .. p - 1 LOOP
            row_ := in_limit_rows[q];
            CONTINUE WHEN in_limit_onces[q] AND row_ = ANY (once);
            needs[row_] := needs[row_] + in_limit_takes[q];
            IF in_limit_onces[q] THEN
                once := once || row_;
            END IF;
        END LOOP;
        IF in_exclusives[r] THEN
            ended := in_campaigns[r];
        END IF;
    END LOOP;
END $$;

-- Ends the scans that won and are paid nothing: what may be paid later leaves its code
-- unclaimed, of a draw that has not begun as well. `in_laters` are the scans that a
-- campaign will pay which does not yet.
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
        SELECT u.s, bool_or(coalesce(l.per <> 'total', u.limit_no = -3)) AS waits
        FROM unnest(in_reward_scans, in_chosen, in_refused) AS u (s, chosen, limit_no)
        LEFT JOIN limits AS l ON l.limit_no = u.limit_no
        GROUP BY u.s HAVING NOT bool_or(u.chosen)
    LOOP
        CONTINUE WHEN NOT in_won[unpaid.s];
        outcomes[unpaid.s] := CASE WHEN unpaid.waits OR in_laters[unpaid.s]
            THEN 'limit_reached' ELSE 'no_reward' END;
    END LOOP;
END $$;

-- Makes what rewards of other kinds than points are, each kind by its owner's step.
-- `completed` are the cards that completed a set. Raises CC001 where a draw was frozen.
CREATE FUNCTION add_kinds_3(
    in_shard smallint, in_scan_ids bigint[], in_members bigint[], in_outcomes text[],
    in_reward_scans integer[], in_chosen boolean[], in_transfers bigint[],
    in_campaigns bigint[], in_offers bigint[], in_kinds text[], in_amounts bigint[],
    in_refs bigint[], in_froms timestamptz[], in_untils timestamptz[],
    in_limit_rewards integer[], in_limit_rows integer[], in_limit_takes bigint[],
    in_limit_onces boolean[], in_limit_nos integer[], in_holders bigint[],
    OUT completed boolean[]
) LANGUAGE plpgsql AS $$
DECLARE
    made record;
    took record;
    done boolean[];
BEGIN
    completed := array_fill(false, ARRAY[cardinality(in_kinds)]);
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
                IF 0 = ANY (add_tickets(in_shard, now(), made.transfers, made.members,
                    made.scan_ids, made.refs::integer[], made.amounts::integer[],
                    made.held)) THEN
                    -- It was frozen since rewards were chosen: they are chosen anew.
                    RAISE EXCEPTION 'a draw was frozen' USING ERRCODE = 'CC001';
                END IF;
            WHEN 'card' THEN
                done := complete_sets(in_shard, now(), made.transfers, made.members,
                    made.refs::integer[], made.held);
                FOR i IN 1 .. cardinality(done) LOOP
                    completed[made.rewards[i]] := done[i];
                END LOOP;
        END CASE;
    END LOOP;
END $$;

-- Ends the waiting of held tickets, named by their transfers: they take part, or are
-- void. What is released once its draw is frozen is late, and named. Locks the counters
-- of their draws, by number, after everything else.
CREATE FUNCTION release_tickets(
    in_shard smallint, in_transfers bigint[], in_posted boolean[]
) RETURNS bigint[] LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    late bigint[];
BEGIN
    PERFORM FROM draw_counters WHERE draw_no IN (SELECT draw_no FROM draw_tickets
        WHERE shard = in_shard AND transfer_id = ANY (in_transfers) AND state = 'held')
    ORDER BY draw_no FOR NO KEY UPDATE;
    WITH ended AS (
        UPDATE draw_tickets AS t SET state = CASE WHEN NOT u.posted THEN 'void'
            WHEN c.frozen_at IS NULL THEN 'valid' ELSE 'late' END
        FROM unnest(in_transfers, in_posted) AS u (transfer, posted), draw_counters AS c
        WHERE t.shard = in_shard AND t.transfer_id = u.transfer AND t.state = 'held'
            AND c.draw_no = t.draw_no
        RETURNING t.draw_no, t.amount, t.state, t.transfer_id
    ), added AS (
        UPDATE draw_counters AS c SET tickets = c.tickets + n.amount
        FROM (SELECT draw_no, sum(amount) AS amount FROM ended WHERE state = 'valid'
            GROUP BY draw_no) AS n
        WHERE c.draw_no = n.draw_no
    )
    SELECT coalesce(array_agg(transfer_id), '{}') INTO late FROM ended
    WHERE state = 'late';
    RETURN late;
END $$;

-- scan_api

-- Pays the scans that won what there is room for, counts those that did not, and gives
-- the code of who is paid nothing yet back.
CREATE FUNCTION pay_scans(
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
    OUT campaigns bigint[], OUT availables bigint[], OUT completed boolean[]
) LANGUAGE plpgsql AS $$
DECLARE
    step    record;
    counted boolean[];
    alike   boolean := 'points' = ALL (in_kinds);
    absent  integer[] := '{}';
BEGIN
    LOOP
        BEGIN
            IF 'ticket' = ANY (in_kinds) THEN
                absent := find_absent(now(), in_kinds, in_refs);
            END IF;
            step := choose_rewards_3(in_shard, in_won, in_reward_scans, in_campaigns,
                in_follows, in_exclusives, absent, in_limit_rewards, in_limit_rows,
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
        completed := add_kinds_3(in_shard, in_scan_ids, in_members, outcomes,
            in_reward_scans, chosen, in_transfers, in_campaigns, in_offers, in_kinds,
            in_amounts, in_refs, in_froms, in_untils, in_limit_rewards, in_limit_rows,
            in_limit_takes, in_limit_onces, in_limit_nos, in_holders);
    END IF;
END $$;

-- The entry, as it was; `completed` are the cards that completed a set, NULL where there
-- are points alone. Locks: the fence, keys, claims, members' rows, everybody's limits,
-- what members collect, draws' counters.
CREATE FUNCTION commit_scans_3(
    in_shard smallint, in_version bigint, in_days integer[], in_scan_ids bigint[],
    in_code_ids bigint[], in_members bigint[], in_planned text[], in_claims boolean[],
    in_laters boolean[], in_reasons text[], in_facts bytea[], in_networks inet[],
    in_devices bytea[], in_cells bigint[], in_keys bytea[], in_bodies bytea[],
    in_reward_scans integer[], in_transfers bigint[], in_campaigns bigint[],
    in_offers bigint[], in_kinds text[], in_units integer[], in_amounts bigint[],
    in_expires integer[], in_refs bigint[], in_froms timestamptz[],
    in_untils timestamptz[], in_follows boolean[], in_exclusives boolean[],
    in_limit_rewards integer[], in_limit_rows integer[], in_limit_takes bigint[],
    in_limit_onces boolean[], in_limit_nos integer[], in_holders bigint[],
    in_periods integer[], in_mosts bigint[],
    OUT outcomes text[], OUT points bigint[], OUT availables bigint[],
    OUT claim_scans bigint[], OUT claim_owners bigint[], OUT scan_counts bigint[],
    OUT originals integer[], OUT original_others integer[], OUT waits boolean[],
    OUT replays bytea[], OUT replay_bodies bytea[], OUT repeats bigint[],
    OUT chosen boolean[], OUT refused integer[], OUT completed boolean[]
) LANGUAGE plpgsql AS $$
DECLARE
    step record;  -- assigned from a call: half the cost of SELECT ... INTO
    live boolean[]; won boolean[]; kept boolean[]; claimed text[]; reasons text[];
    settled record;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(4343, 1);
    IF is_stale(in_version, in_code_ids) THEN
        RAISE EXCEPTION 'the range table changed' USING ERRCODE = 'CC001';
    END IF;
    step := take_keys(in_shard, in_scan_ids, in_keys, in_bodies);
    live := step.live; replays := step.replays; replay_bodies := step.replay_bodies;
    claimed := find_voids(in_shard, in_code_ids, in_planned);
    step := hold_forgotten(in_shard, in_code_ids, claimed, in_reasons);
    claimed := step.outcomes; reasons := step.reasons;
    step := claim_codes(in_shard, in_scan_ids, in_code_ids, in_members, in_claims, live,
        in_planned, claimed);
    claimed := step.outcomes; won := step.won;
    claim_scans := step.claim_scans; claim_owners := step.claim_owners;
    settled := pay_scans(in_shard, in_days, in_scan_ids, in_code_ids, in_members,
        in_laters, in_networks, in_devices, live, won, claimed, reasons, claim_scans,
        in_reward_scans, in_transfers, in_campaigns, in_offers, in_kinds, in_units,
        in_amounts, in_expires, in_refs, in_froms, in_untils, in_follows,
        in_exclusives, in_limit_rewards, in_limit_rows, in_limit_takes, in_limit_onces,
        in_limit_nos, in_holders, in_periods, in_mosts);
    outcomes := settled.outcomes; points := settled.points;
    availables := settled.availables; repeats := settled.repeats;
    chosen := settled.chosen; refused := settled.refused;
    completed := settled.completed;
    step := read_codes_2(in_shard, in_code_ids, in_members, live, settled.kept,
        claim_scans, claim_owners);
    scan_counts := step.scan_counts; originals := step.originals;
    original_others := step.original_others; waits := step.waits;
    PERFORM write_scans_2(in_shard, in_scan_ids, in_code_ids, in_members, outcomes,
        points, settled.others, settled.campaigns, claim_scans, in_facts, in_networks,
        in_devices, in_cells, live, repeats);
END $$;
