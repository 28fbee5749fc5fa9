-- rewards -----------------------------------------------------------------------------

-- Which rewards are paid, in their order: those whose scan has won, whose limits all
-- have room, and that no exclusive campaign before them keeps out. One that follows is
-- paid only in place of the one before it. `refused` is the limit that had no room, or
-- -1 for what an exclusive campaign kept out. A limit that counts scans is taken from
-- once a scan. `needs` is what the chosen take of each row.
CREATE FUNCTION choose_rewards_2(
    in_shard smallint, in_won boolean[], in_reward_scans integer[],
    in_campaigns bigint[], in_follows boolean[], in_exclusives boolean[],
    in_limit_rewards integer[], in_limit_rows integer[], in_limit_takes bigint[],
    in_limit_onces boolean[], in_limit_nos integer[], in_holders bigint[],
    in_periods integer[], in_mosts bigint[],
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
        first := p;
        WHILE in_limit_rewards[p] = r LOOP
            row_ := in_limit_rows[p];
            IF wanted AND rooms[row_] - needs[row_] < in_limit_takes[p]
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
-- unclaimed. `in_laters` are the scans that a campaign will pay which does not yet.
CREATE FUNCTION end_unpaid_2(
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
        SELECT u.s, bool_or(l.per <> 'total') AS ends
        FROM unnest(in_reward_scans, in_chosen, in_refused) AS u (s, chosen, limit_no)
        LEFT JOIN limits AS l ON l.limit_no = u.limit_no
        GROUP BY u.s HAVING NOT bool_or(u.chosen)
    LOOP
        CONTINUE WHEN NOT in_won[unpaid.s];
        outcomes[unpaid.s] := CASE WHEN unpaid.ends OR in_laters[unpaid.s]
            THEN 'limit_reached' ELSE 'no_reward' END;
    END LOOP;
END $$;

-- Posts what was chosen, and holds what waits: one hold a scan, with what all of its
-- rewards took of limits. `points` and `others` are what each scan earned in points and
-- how many rewards besides.
CREATE FUNCTION post_rewards_2(
    in_shard smallint, in_days integer[], in_scan_ids bigint[], in_code_ids bigint[],
    in_members bigint[], in_live boolean[], in_outcomes text[], in_reasons text[],
    in_reward_scans integer[], in_chosen boolean[], in_transfers bigint[],
    in_campaigns bigint[], in_offers bigint[], in_units integer[], in_amounts bigint[],
    OUT points bigint[], OUT others integer[], OUT campaigns bigint[],
    OUT availables bigint[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    s integer;
BEGIN
    INSERT INTO transfers (shard, origin_id, transfer_id, kind, debit_account,
        credit_account, unit, amount)
    SELECT in_shard, in_scan_ids[s], t,
        CASE in_outcomes[s] WHEN 'held' THEN 'pending' ELSE 'posted' END,
        o, in_members[s], unit, a
    FROM unnest(in_transfers, in_reward_scans, in_chosen, in_offers, in_units,
        in_amounts) AS u (t, s, chosen, o, unit, a)
    WHERE chosen;
    IF 'held' = ANY (in_outcomes) THEN
        INSERT INTO holds (shard, transfer_id, code_id, member_no, campaign_no, unit,
            amount, day, reason)
        SELECT DISTINCT ON (s) in_shard, in_scan_ids[s], in_code_ids[s], in_members[s],
            g, unit, a, date 'epoch' + in_days[s], in_reasons[s]
        FROM unnest(in_reward_scans, in_chosen, in_campaigns, in_units, in_amounts)
            WITH ORDINALITY AS u (s, chosen, g, unit, a, r)
        WHERE chosen AND in_outcomes[s] = 'held' ORDER BY s, r;
    END IF;
    SELECT array_agg(CASE WHEN u.live AND u.m <> 0 THEN coalesce((
            SELECT b.available FROM balances AS b
            WHERE b.shard = in_shard AND b.member_no = u.m AND b.unit = 0), 0) END)
    INTO availables FROM unnest(in_members, in_live) AS u (m, live);
    points := array_fill(0::bigint, ARRAY[cardinality(in_members)]);
    campaigns := points;
    others := array_fill(0, ARRAY[cardinality(in_members)]);
    FOR r IN 1 .. cardinality(in_reward_scans) LOOP
        s := in_reward_scans[r];
        IF campaigns[s] = 0 OR in_chosen[r] AND points[s] + others[s] = 0 THEN
            campaigns[s] := in_campaigns[r];
        END IF;
        CONTINUE WHEN NOT in_chosen[r];
        IF in_units[r] = 0 THEN
            points[s] := points[s] + in_amounts[r];
        ELSE
            others[s] := others[s] + 1;
        END IF;
    END LOOP;
END $$;

-- Keeps with each new hold what its rewards took of which row of limit_uses.
CREATE FUNCTION keep_takes(
    in_shard smallint, in_scan_ids bigint[], in_outcomes text[],
    in_reward_scans integer[], in_chosen boolean[], in_limit_rewards integer[],
    in_limit_rows integer[], in_limit_takes bigint[], in_limit_onces boolean[],
    in_limit_nos integer[], in_holders bigint[]
) RETURNS void LANGUAGE sql SET enable_seqscan = off AS $$
    UPDATE holds AS h SET limits = u.limits, takes = u.takes, holders = u.holders
    FROM (
        SELECT s, array_agg(in_limit_nos[row_] ORDER BY row_) AS limits,
            array_agg(taken ORDER BY row_) AS takes,
            array_agg(in_holders[row_] ORDER BY row_) AS holders
        FROM (
            SELECT in_reward_scans[r] AS s, row_,
                CASE WHEN bool_or(once) THEN max(take) ELSE sum(take) END AS taken
            FROM unnest(in_limit_rewards, in_limit_rows, in_limit_takes, in_limit_onces)
                AS l (r, row_, take, once)
            WHERE in_chosen[r] AND in_outcomes[in_reward_scans[r]] = 'held'
            GROUP BY 1, 2) AS each_
        GROUP BY s) AS u
    WHERE h.shard = in_shard AND h.transfer_id = in_scan_ids[u.s]
$$;

-- Coupons that scans earned; those of held scans wait with them. A coupon's transfer has
-- the coupon's number.
CREATE FUNCTION add_coupons(
    in_shard smallint, in_coupons bigint[], in_members bigint[], in_pools bigint[],
    in_scan_ids bigint[], in_froms timestamptz[], in_untils timestamptz[], in_held boolean[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO coupons (shard, coupon_no, member_no, pool_no, issued_at, valid_from,
        valid_until, state)
    SELECT in_shard, c, m, p,
        -- 1767225600000 is core.ids.EPOCH_MS.
        to_timestamp(((s >> 22) + 1767225600000) / 1000.0), f, t,
        CASE WHEN held THEN 'held' ELSE 'issued' END
    FROM unnest(in_coupons, in_members, in_pools, in_scan_ids, in_froms, in_untils,
        in_held) AS u (c, m, p, s, f, t, held);
    PERFORM write_outbox(in_shard, 'coupons', issued.ids, NULL)
    FROM (SELECT array_agg(c) AS ids FROM unnest(in_coupons, in_held) AS u (c, held)
        WHERE NOT held) AS issued
    WHERE issued.ids IS NOT NULL;
END $$;

-- Makes what rewards of other kinds than points are, each kind by its owner's step.
CREATE FUNCTION add_kinds(
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
            array_agg(in_scan_ids[s]) AS scan_ids, array_agg(ref) AS refs, array_agg(f) AS froms, array_agg(u) AS untils,
            array_agg(in_outcomes[s] = 'held') AS held
        FROM unnest(in_reward_scans, in_chosen, in_transfers, in_kinds, in_refs,
            in_froms, in_untils) AS u (s, chosen, t, kind, ref, f, u)
        WHERE chosen AND kind <> 'points'
        GROUP BY kind ORDER BY kind
    LOOP
        IF made.kind = 'coupon' THEN
            PERFORM add_coupons(in_shard, made.transfers, made.members, made.refs,
                made.scan_ids, made.froms, made.untils, made.held);
        END IF;
    END LOOP;
END $$;

-- scan_api ----------------------------------------------------------------------------

-- What the claim of a code paid its own member who scans it again: so many points and
-- other rewards, and whether they wait.
CREATE FUNCTION read_codes_2(
    in_shard smallint, in_code_ids bigint[], in_members bigint[], in_live boolean[],
    in_won boolean[], in_claim_scans bigint[], in_claim_owners bigint[],
    OUT scan_counts bigint[], OUT originals integer[], OUT original_others integer[],
    OUT waits boolean[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    own record;
BEGIN
    SELECT array_agg(CASE WHEN u.live THEN coalesce((
            SELECT v.scans FROM sightings AS v
            WHERE v.shard = in_shard AND v.code_id = u.c), 0)
        + (u.won OR coalesce((SELECT true FROM claims AS k
            WHERE k.shard = in_shard AND k.code_id = u.c), false))::integer END)
    INTO scan_counts FROM unnest(in_code_ids, in_live, in_won) AS u (c, live, won);

    originals := array_fill(0, ARRAY[cardinality(in_code_ids)]);
    original_others := originals;
    waits := array_fill(false, ARRAY[cardinality(in_code_ids)]);
    IF array_remove(in_claim_owners, NULL) = '{}' THEN
        RETURN;
    END IF;
    FOR own IN
        SELECT u.i, s.points, s.others
        FROM unnest(in_claim_scans, in_claim_owners, in_members) WITH ORDINALITY
            AS u (claim, owner, m, i),
        LATERAL (SELECT points, others FROM scans
            WHERE shard = in_shard AND scan_id = u.claim OFFSET 0) AS s
        WHERE u.owner = u.m
    LOOP
        originals[own.i] := own.points;
        original_others[own.i] := coalesce(own.others, 0);
    END LOOP;
    FOR own IN
        SELECT u.i, h.resolution
        FROM unnest(in_claim_scans, in_claim_owners, in_members) WITH ORDINALITY
            AS u (claim, owner, m, i),
        LATERAL (SELECT resolution FROM holds
            WHERE shard = in_shard AND transfer_id = u.claim OFFSET 0) AS h
        WHERE u.owner = u.m
    LOOP
        waits[own.i] := own.resolution IS NULL;
        IF own.resolution = 'voided' THEN
            originals[own.i] := 0;
            original_others[own.i] := 0;
        END IF;
    END LOOP;
END $$;

-- One row of the outbox for all scans of a batch that claimed and earned: eight bytes a
-- scan, from whose own row whoever reads is told the rest (scan_api.store.scan_events).
CREATE FUNCTION write_scans_2(
    in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[],
    in_outcomes text[], in_points bigint[], in_others integer[], in_campaigns bigint[],
    in_claim_scans bigint[], in_facts bytea[], in_networks inet[], in_devices bytea[],
    in_cells bigint[], in_live boolean[], in_repeats bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    earned bigint[];
BEGIN
    INSERT INTO scans (shard, scan_id, code_id, member_no, outcome, points, others,
        campaign_no, claim_scan_id, facts)
    SELECT in_shard, s, c, nullif(m, 0), outcome, p, nullif(o, 0), nullif(g, 0), claim, f
    FROM unnest(in_scan_ids, in_code_ids, in_members, in_outcomes, in_points, in_others,
        in_campaigns, in_claim_scans, in_facts, in_live, in_repeats)
        AS u (s, c, m, outcome, p, o, g, claim, f, live, again)
    WHERE live AND again IS NULL;
    INSERT INTO scan_traces (shard, scan_id, network, device, cell)
    SELECT in_shard, s, w, nullif(d, ''), nullif(h, 0)
    FROM unnest(in_scan_ids, in_networks, in_devices, in_cells, in_live, in_repeats)
        AS u (s, w, d, h, live, again)
    WHERE live AND again IS NULL;
    earned := ARRAY(SELECT s FROM unnest(in_scan_ids, in_outcomes, in_live)
        AS u (s, outcome, live) WHERE live AND outcome IN ('rewarded', 'held'));
    IF earned <> '{}' THEN
        PERFORM write_outbox(in_shard, 'scans', earned, NULL);
    END IF;
END $$;

-- Pays the scans that won what there is room for, counts those that did not, and gives
-- the code of who is paid nothing yet back.
CREATE FUNCTION pay_scans(
    in_shard smallint, in_days integer[], in_scan_ids bigint[], in_code_ids bigint[],
    in_members bigint[], in_laters boolean[], in_networks inet[], in_devices bytea[],
    in_live boolean[], in_won boolean[], in_claimed text[], in_reasons text[],
    in_claim_scans bigint[], in_reward_scans integer[], in_transfers bigint[],
    in_campaigns bigint[], in_offers bigint[], in_kinds text[], in_units integer[],
    in_amounts bigint[], in_expires integer[], in_refs bigint[],
    in_froms timestamptz[], in_untils timestamptz[], in_follows boolean[],
    in_exclusives boolean[], in_limit_rewards integer[], in_limit_rows integer[], in_limit_takes bigint[],
    in_limit_onces boolean[], in_limit_nos integer[], in_holders bigint[],
    in_periods integer[], in_mosts bigint[],
    OUT outcomes text[], OUT chosen boolean[], OUT refused integer[], OUT kept boolean[],
    OUT repeats bigint[], OUT points bigint[], OUT others integer[],
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
                counted := ARRAY(SELECT c AND k IN ('points', 'ticket', 'card')
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
            PERFORM add_to_balances(in_shard, in_members, outcomes, in_reward_scans,
                counted, in_units, in_amounts);
            PERFORM take_limits(in_shard, false, step.needs, in_limit_nos, in_holders,
                in_periods, in_mosts);
            EXIT;
        EXCEPTION WHEN SQLSTATE 'CC005' THEN
            NULL;  -- Somebody took the last of it and has committed: choose again.
        END;
    END LOOP;
    step := post_rewards_2(in_shard, in_days, in_scan_ids, in_code_ids, in_members,
        in_live, outcomes, in_reasons, in_reward_scans, chosen, in_transfers,
        in_campaigns, in_offers, in_units, in_amounts);
    points := step.points; others := step.others; campaigns := step.campaigns;
    availables := step.availables;
    IF 'held' = ANY (outcomes) THEN
        PERFORM keep_takes(in_shard, in_scan_ids, outcomes, in_reward_scans, chosen,
            in_limit_rewards, in_limit_rows, in_limit_takes, in_limit_onces,
            in_limit_nos, in_holders);
    END IF;
    IF NOT alike THEN
        PERFORM add_kinds(in_shard, in_scan_ids, in_members, outcomes, in_reward_scans, chosen,
            in_transfers, in_kinds, in_refs, in_froms, in_untils);
    END IF;
END $$;

-- The entry: arrays of a batch's scans, of the rewards that are planned for them in the
-- order of scans, and of what those take of which rows of limit_uses. Locks: the fence,
-- keys, claims, members' rows, everybody's limits.
CREATE FUNCTION commit_scans_3(
    in_shard smallint, in_version bigint, in_days integer[], in_scan_ids bigint[],
    in_code_ids bigint[], in_members bigint[], in_planned text[], in_claims boolean[],
    in_laters boolean[], in_reasons text[], in_facts bytea[], in_networks inet[],
    in_devices bytea[], in_cells bigint[], in_keys bytea[], in_bodies bytea[],
    in_reward_scans integer[], in_transfers bigint[], in_campaigns bigint[],
    in_offers bigint[], in_kinds text[], in_units integer[], in_amounts bigint[],
    in_expires integer[], in_refs bigint[], in_froms timestamptz[],
    in_untils timestamptz[], in_follows boolean[], in_exclusives boolean[],
    in_limit_rewards integer[], in_limit_rows integer[], in_limit_takes bigint[], in_limit_onces boolean[],
    in_limit_nos integer[], in_holders bigint[], in_periods integer[],
    in_mosts bigint[],
    OUT outcomes text[], OUT points bigint[], OUT availables bigint[],
    OUT claim_scans bigint[], OUT claim_owners bigint[], OUT scan_counts bigint[],
    OUT originals integer[], OUT original_others integer[], OUT waits boolean[],
    OUT replays bytea[], OUT replay_bodies bytea[], OUT repeats bigint[],
    OUT chosen boolean[], OUT refused integer[]
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
        in_exclusives, in_limit_rewards, in_limit_rows, in_limit_takes, in_limit_onces, in_limit_nos,
        in_holders, in_periods, in_mosts);
    outcomes := settled.outcomes; points := settled.points;
    availables := settled.availables; repeats := settled.repeats;
    chosen := settled.chosen; refused := settled.refused;
    step := read_codes_2(in_shard, in_code_ids, in_members, live, settled.kept,
        claim_scans, claim_owners);
    scan_counts := step.scan_counts; originals := step.originals;
    original_others := step.original_others; waits := step.waits;
    PERFORM write_scans_2(in_shard, in_scan_ids, in_code_ids, in_members, outcomes,
        points, settled.others, settled.campaigns, claim_scans, in_facts, in_networks,
        in_devices, in_cells, live, repeats);
END $$;
