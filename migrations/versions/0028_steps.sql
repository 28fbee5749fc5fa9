-- The commit of a batch of scans, in steps. Each step is a function of whoever owns the
-- tables that it writes, named above it; its first argument is the shard of its rows.
-- docs/decisions/0012 says why, docs/architecture.md in which order they lock.
--
-- Scans come as parallel arrays, and so do the rewards that their plans name: reward r
-- is of the scan at reward_scans[r]. A reward that another one names as `otherwise` is
-- only taken in its place. A reward takes its amount from some rows of limit_uses, of
-- which each comes once: in pair p the reward at limit_rewards[p] takes from the row at
-- limit_rows[p], and pairs stand in the order of rewards. `mosts` are as the plan knew
-- them: a limit changes with its campaign's version, which the entry holds to be new.
--
-- Single rows are looked up by their whole key, in a subquery for each element and with
-- enable_seqscan off: a plan that is made while a table is empty would otherwise read all
-- of it until somebody analyses it.

-- core.auth ---------------------------------------------------------------------------

-- A key that another scan owns is answered with its answer; the insert waits for an
-- owner that is still at work. `live` are the scans that are not answered so.
CREATE FUNCTION take_keys(
    in_shard smallint, in_scan_ids bigint[], in_keys bytea[], in_bodies bytea[],
    OUT live boolean[], OUT replays bytea[], OUT replay_bodies bytea[]
) LANGUAGE plpgsql AS $$
DECLARE
    taken record;
BEGIN
    live := array_fill(true, ARRAY[cardinality(in_scan_ids)]);
    replays := array_fill(NULL::bytea, ARRAY[cardinality(in_scan_ids)]);
    replay_bodies := replays;
    IF '' = ALL (in_keys) THEN
        RETURN;
    END IF;
    INSERT INTO idempotency_keys (shard, key_hash, body_hash, owner, created_at)
    SELECT in_shard, k, b, s, now()
    FROM unnest(in_keys, in_bodies, in_scan_ids) AS u (k, b, s)
    WHERE k <> '' ORDER BY k
    ON CONFLICT (shard, key_hash) DO NOTHING;
    FOR taken IN
        SELECT u.i, k.response, k.body_hash
        FROM unnest(in_keys, in_scan_ids) WITH ORDINALITY AS u (k, s, i)
        JOIN idempotency_keys AS k ON k.shard = in_shard AND k.key_hash = u.k
        WHERE k.owner <> u.s
    LOOP
        live[taken.i] := false;
        replays[taken.i] := taken.response;
        replay_bodies[taken.i] := taken.body_hash;
    END LOOP;
END $$;

-- codegen -----------------------------------------------------------------------------

-- Single voids, which only PostgreSQL knows for sure.
CREATE FUNCTION find_voids(
    in_shard smallint, in_code_ids bigint[], INOUT outcomes text[]
) LANGUAGE plpgsql AS $$
DECLARE
    place bigint;
BEGIN
    FOR place IN
        SELECT u.i FROM unnest(in_code_ids) WITH ORDINALITY AS u (c, i)
        JOIN void_codes AS v ON v.code_id = u.c
    LOOP
        outcomes[place] := 'not_active';
    END LOOP;
END $$;

-- crowncap.recovery -------------------------------------------------------------------

-- What was claimed after a backup that was restored has been answered, and paid
-- perhaps: whoever claims it now waits for a person.
CREATE FUNCTION hold_forgotten(
    in_shard smallint, in_code_ids bigint[], INOUT outcomes text[], INOUT reasons text[]
) LANGUAGE plpgsql AS $$
DECLARE
    place bigint;
BEGIN
    FOR place IN
        SELECT u.i FROM unnest(in_code_ids) WITH ORDINALITY AS u (c, i)
        JOIN forgotten_claims AS f ON f.code_id = u.c
    LOOP
        CONTINUE WHEN outcomes[place] <> 'rewarded';
        outcomes[place] := 'held';
        reasons[place] := 'rules';
    END LOOP;
END $$;

-- scan_api ----------------------------------------------------------------------------

-- Each code to the first who asks, in the order of codes. `won` are the scans that
-- claim theirs. Raises CC004 when a code that the filter called claimed is not: its scan
-- was never judged, and a bit without a claim (a restored backup, a failover) must not
-- let it past the rules.
CREATE FUNCTION claim_codes(
    in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[],
    in_claims boolean[], in_live boolean[], in_planned text[],
    INOUT outcomes text[], OUT won boolean[],
    OUT claim_scans bigint[], OUT claim_owners bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
    n     integer := cardinality(in_scan_ids);
    found record;
BEGIN
    won := array_fill(false, ARRAY[n]);
    claim_scans := array_fill(NULL::bigint, ARRAY[n]);
    claim_owners := claim_scans;
    INSERT INTO claims (code_id, scan_id, member_no)
    SELECT c, s, m
    FROM unnest(in_code_ids, in_scan_ids, in_members, in_claims, outcomes, in_live)
        AS u (c, s, m, claims, outcome, live)
    WHERE claims AND live AND outcome <> 'not_active'
    ORDER BY c
    ON CONFLICT (code_id) DO NOTHING;

    FOR found IN
        SELECT u.i, k.scan_id, k.member_no
        FROM unnest(in_code_ids, in_live) WITH ORDINALITY AS u (c, live, i)
        JOIN claims AS k ON k.code_id = u.c
        WHERE u.live
    LOOP
        IF found.scan_id = in_scan_ids[found.i] AND in_claims[found.i]
            AND found.member_no = in_members[found.i] THEN
            won[found.i] := true;
        ELSIF outcomes[found.i] NOT IN ('not_active', 'recalled') THEN
            outcomes[found.i] := 'already_claimed';
            claim_scans[found.i] := found.scan_id;
            claim_owners[found.i] := found.member_no;
        END IF;
    END LOOP;

    FOR i IN 1 .. n LOOP
        IF in_planned[i] = 'already_claimed' AND outcomes[i] = in_planned[i]
            AND claim_scans[i] IS NULL AND in_live[i] THEN
            RAISE EXCEPTION 'a code that is not claimed was called so'
                USING ERRCODE = 'CC004';
        END IF;
    END LOOP;
END $$;

-- Who met a limit that ends gives the claim back; `won` are those that keep theirs.
-- Raises CC002 when the batch must be split, since another scan of it saw that claim.
CREATE FUNCTION give_claims_back(
    in_shard smallint, in_code_ids bigint[], in_outcomes text[], INOUT won boolean[]
) LANGUAGE plpgsql AS $$
DECLARE
    lost bigint[] := '{}';
BEGIN
    FOR i IN 1 .. cardinality(won) LOOP
        IF won[i] AND in_outcomes[i] = 'limit_reached' THEN
            lost := lost || in_code_ids[i];
            won[i] := false;
        END IF;
    END LOOP;
    IF lost = '{}' THEN
        RETURN;
    END IF;
    IF (SELECT count(*) FROM unnest(in_code_ids) AS c WHERE c = ANY (lost))
        > cardinality(lost) THEN
        RAISE EXCEPTION 'a claim given back was seen by another scan of the batch'
            USING ERRCODE = 'CC002';
    END IF;
    DELETE FROM claims WHERE code_id = ANY (lost);
END $$;

-- How often a code was seen: all scans but the one that claimed it. What equals a scan
-- of a few minutes ago is that scan, and neither counted nor kept; `repeats` says which.
-- The first scan of a code that nobody saw is all that most codes ever have.
CREATE FUNCTION count_sightings(
    in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[],
    in_networks inet[], in_devices bytea[], in_outcomes text[], in_claim_scans bigint[],
    in_live boolean[], in_won boolean[], OUT repeats bigint[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    look record;
    seen sightings%ROWTYPE;
BEGIN
    repeats := array_fill(NULL::bigint, ARRAY[cardinality(in_scan_ids)]);
    IF in_won = in_live THEN
        RETURN;
    END IF;
    FOR look IN
        WITH looks AS (
            SELECT i, c, s, scan_tags(m, w, d, outcome, claim) AS tags
            FROM unnest(in_code_ids, in_scan_ids, in_members, in_networks, in_devices,
                in_outcomes, in_claim_scans, in_live, in_won)
                WITH ORDINALITY AS u (c, s, m, w, d, outcome, claim, live, won, i)
            WHERE live AND NOT won
        ), firsts AS (
            INSERT INTO sightings (code_id, scans, recent_tags, recent_scans)
            SELECT DISTINCT ON (c) c, 1, tags, array_fill(s, ARRAY[cardinality(tags)])
            FROM looks ORDER BY c, i
            ON CONFLICT (code_id) DO NOTHING
            RETURNING code_id, recent_scans[1] AS scan_id
        )
        SELECT i, c, s, tags FROM looks
        WHERE (c, s) NOT IN (SELECT code_id, scan_id FROM firsts) ORDER BY c, i
    LOOP
        SELECT * INTO seen FROM sightings WHERE code_id = look.c FOR UPDATE;
        repeats[look.i] := find_repeated(
            look.tags, look.s, seen.recent_tags, seen.recent_scans);
        CONTINUE WHEN repeats[look.i] IS NOT NULL;
        UPDATE sightings SET
            scans = scans + 1,
            recent_tags = (look.tags || recent_tags)[1:8],
            recent_scans = (array_fill(look.s, ARRAY[cardinality(look.tags)])
                || recent_scans)[1:8]
        WHERE code_id = look.c;
    END LOOP;
END $$;

-- How often each code has been seen by now, and what a caller's own earlier claim
-- earned: `waits` while a review of that is to come.
CREATE FUNCTION read_codes(
    in_shard smallint, in_code_ids bigint[], in_members bigint[], in_live boolean[],
    in_won boolean[], in_claim_scans bigint[], in_claim_owners bigint[],
    OUT scan_counts bigint[], OUT originals integer[], OUT waits boolean[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    own record;
BEGIN
    SELECT array_agg(CASE WHEN u.live THEN coalesce((
            SELECT v.scans FROM sightings AS v WHERE v.code_id = u.c), 0)
        + (u.won OR EXISTS (SELECT FROM claims AS k WHERE k.code_id = u.c))::integer END)
    INTO scan_counts FROM unnest(in_code_ids, in_live, in_won) AS u (c, live, won);

    originals := array_fill(0, ARRAY[cardinality(in_code_ids)]);
    waits := array_fill(false, ARRAY[cardinality(in_code_ids)]);
    IF array_remove(in_claim_owners, NULL) = '{}' THEN
        RETURN;
    END IF;
    FOR own IN
        SELECT u.i, h.transfer_id IS NOT NULL AND h.resolution IS NULL AS waits,
            CASE h.resolution WHEN 'voided' THEN 0 ELSE s.points END AS points
        FROM unnest(in_claim_scans, in_claim_owners, in_members) WITH ORDINALITY
            AS u (claim, owner, m, i)
        JOIN scans AS s ON s.scan_id = u.claim
        LEFT JOIN holds AS h ON h.shard = in_shard AND h.transfer_id = u.claim
        WHERE u.owner = u.m
    LOOP
        originals[own.i] := own.points;
        waits[own.i] := own.waits;
    END LOOP;
END $$;

-- What remains of a scan, and apart from it for a while where it came from.
CREATE FUNCTION write_scans(
    in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[],
    in_outcomes text[], in_points bigint[], in_campaigns bigint[], in_availables bigint[],
    in_claim_scans bigint[], in_scan_counts bigint[], in_facts bytea[],
    in_networks inet[], in_devices bytea[], in_cells bigint[], in_live boolean[],
    in_repeats bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO scans (scan_id, code_id, member_no, outcome, points, campaign_no,
        available, claim_scan_id, scan_count, facts)
    SELECT s, c, nullif(m, 0), outcome, p, nullif(g, 0), available, claim, seen, f
    FROM unnest(in_scan_ids, in_code_ids, in_members, in_outcomes, in_points,
        in_campaigns, in_availables, in_claim_scans, in_scan_counts, in_facts, in_live,
        in_repeats) AS u (s, c, m, outcome, p, g, available, claim, seen, f, live, again)
    WHERE live AND again IS NULL;
    INSERT INTO scan_traces (scan_id, network, device, cell)
    SELECT s, w, nullif(d, ''), nullif(h, 0)
    FROM unnest(in_scan_ids, in_networks, in_devices, in_cells, in_live, in_repeats)
        AS u (s, w, d, h, live, again)
    WHERE live AND again IS NULL;
END $$;

-- rewards -----------------------------------------------------------------------------

-- Which rewards the limits have room for, as far as anybody has committed: the first
-- that fit, or what is to be taken otherwise. `needs` is what they take from each row,
-- `refused` names by reward the limit that was full. Nothing is locked here; take_limits
-- finds out whether it is still so.
CREATE FUNCTION choose_rewards(
    in_shard smallint, in_won boolean[], in_reward_scans integer[], in_amounts bigint[],
    in_otherwise integer[], in_limit_rewards integer[], in_limit_rows integer[],
    in_limit_nos integer[], in_holders bigint[], in_periods integer[], in_mosts bigint[],
    OUT chosen boolean[], OUT refused integer[], OUT needs bigint[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    rooms bigint[];
    first integer;
    p     integer := 1;
BEGIN
    chosen := '{}';
    refused := array_fill(0, ARRAY[cardinality(in_reward_scans)]);
    needs := array_fill(0::bigint, ARRAY[cardinality(in_limit_nos)]);
    IF in_limit_nos <> '{}' THEN
        SELECT array_agg(most - coalesce((SELECT v.used FROM limit_uses AS v
            WHERE v.shard = in_shard AND v.limit_no = u.limit_no
                AND v.holder = u.holder AND v.period = date 'epoch' + u.period), 0))
        INTO rooms
        FROM unnest(in_limit_nos, in_holders, in_periods, in_mosts)
            AS u (limit_no, holder, period, most);
    END IF;
    FOR r IN 1 .. cardinality(in_reward_scans) LOOP
        -- What an earlier reward has handed on is true already, and else unknown.
        chosen[r] := in_won[in_reward_scans[r]]
            AND (chosen[r] IS TRUE OR NOT r = ANY (in_otherwise));
        first := p;
        WHILE in_limit_rewards[p] = r LOOP
            IF chosen[r] AND rooms[in_limit_rows[p]] - needs[in_limit_rows[p]]
                < in_amounts[r] THEN
                refused[r] := in_limit_nos[in_limit_rows[p]];
            END IF;
            p := p + 1;
        END LOOP;
        CONTINUE WHEN NOT chosen[r];
        IF refused[r] <> 0 THEN
            chosen[r] := false;
            IF in_otherwise[r] > 0 THEN
                chosen[in_otherwise[r]] := true;
            END IF;
            CONTINUE;
        END IF;
        FOR q IN first .. p - 1 LOOP
            needs[in_limit_rows[q]] := needs[in_limit_rows[q]] + in_amounts[r];
        END LOOP;
    END LOOP;
END $$;

-- What a scan came to by what it gets. A limit that ends (a day's, a member's) leaves
-- its cap unclaimed; one that does not, a budget or a stock, leaves it unpaid.
CREATE FUNCTION end_unpaid(
    in_shard smallint, in_won boolean[], in_reward_scans integer[], in_chosen boolean[],
    in_refused integer[], INOUT outcomes text[]
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
        outcomes[unpaid.s] := CASE WHEN unpaid.ends THEN 'limit_reached'
            ELSE 'no_reward' END;
    END LOOP;
END $$;

-- Takes from each row once what the chosen rewards need of it: from the rows of members,
-- or from those of everybody, whose locks come last. Raises CC005 when somebody else
-- has taken the room meanwhile.
CREATE FUNCTION take_limits(
    in_shard smallint, in_of_members boolean, in_needs bigint[], in_limit_nos integer[],
    in_holders bigint[], in_periods integer[], in_mosts bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wanted integer := 0;
    taken  integer;
BEGIN
    FOR i IN 1 .. cardinality(in_needs) LOOP
        IF in_needs[i] > 0 AND (in_holders[i] > 0) = in_of_members THEN
            wanted := wanted + 1;
        END IF;
    END LOOP;
    IF wanted = 0 THEN
        RETURN;
    END IF;
    INSERT INTO limit_uses AS v (shard, limit_no, holder, period, used, most)
    SELECT in_shard, limit_no, holder, date 'epoch' + period, need, most
    FROM unnest(in_needs, in_limit_nos, in_holders, in_periods, in_mosts)
        AS u (need, limit_no, holder, period, most)
    WHERE need > 0 AND (holder > 0) = in_of_members
    ORDER BY holder, limit_no, period
    ON CONFLICT (shard, limit_no, holder, period) DO UPDATE SET
        used = v.used + excluded.used, most = excluded.most
    WHERE v.used + excluded.used <= excluded.most;
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF taken < wanted THEN
        RAISE EXCEPTION 'a limit was taken from meanwhile' USING ERRCODE = 'CC005';
    END IF;
END $$;

-- Adds to what members have, or will have once a review has ended.
CREATE FUNCTION add_to_balances(
    in_shard smallint, in_members bigint[], in_outcomes text[], in_reward_scans integer[],
    in_chosen boolean[], in_units integer[], in_amounts bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO balances AS b (shard, member_no, unit, available, pending)
    SELECT in_shard, in_members[s], unit,
        sum(CASE in_outcomes[s] WHEN 'held' THEN 0 ELSE a END),
        sum(CASE in_outcomes[s] WHEN 'held' THEN a ELSE 0 END)
    FROM unnest(in_reward_scans, in_chosen, in_units, in_amounts) AS u (s, chosen, unit, a)
    WHERE chosen GROUP BY 2, 3 ORDER BY 2, 3
    ON CONFLICT (shard, member_no, unit) DO UPDATE SET
        available = b.available + excluded.available,
        pending = b.pending + excluded.pending;
END $$;

-- Writes down what was chosen: a transfer each, and a hold where a review comes first.
-- Gives what each scan earned in points, of which campaign, and what its member has.
CREATE FUNCTION post_rewards(
    in_shard smallint, in_days integer[], in_code_ids bigint[], in_members bigint[],
    in_live boolean[], in_outcomes text[], in_reasons text[], in_reward_scans integer[],
    in_chosen boolean[], in_transfers bigint[], in_campaigns bigint[], in_units integer[],
    in_amounts bigint[], in_limit_rewards integer[], in_limit_rows integer[],
    in_limit_nos integer[],
    OUT points bigint[], OUT campaigns bigint[], OUT availables bigint[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO transfers (shard, origin_id, transfer_id, kind, debit_account,
        credit_account, unit, amount)
    SELECT in_shard, t, t,
        CASE in_outcomes[s] WHEN 'held' THEN 'pending' ELSE 'posted' END,
        g, in_members[s], unit, a
    FROM unnest(in_transfers, in_reward_scans, in_chosen, in_campaigns, in_units,
        in_amounts) AS u (t, s, chosen, g, unit, a)
    WHERE chosen;
    IF 'held' = ANY (in_outcomes) THEN
        INSERT INTO holds (shard, transfer_id, code_id, member_no, campaign_no, unit,
            amount, day, reason, limits)
        SELECT in_shard, t, in_code_ids[s], in_members[s], g, unit, a,
            date 'epoch' + in_days[s], in_reasons[s], ARRAY(
                SELECT in_limit_nos[row_] FROM unnest(in_limit_rewards, in_limit_rows)
                    AS l (reward, row_)
                WHERE l.reward = u.r ORDER BY 1)
        FROM unnest(in_transfers, in_reward_scans, in_chosen, in_campaigns, in_units,
            in_amounts) WITH ORDINALITY AS u (t, s, chosen, g, unit, a, r)
        WHERE chosen AND in_outcomes[s] = 'held';
    END IF;
    SELECT array_agg(CASE WHEN u.live AND u.m <> 0 THEN coalesce((
            SELECT b.available FROM balances AS b
            WHERE b.shard = in_shard AND b.member_no = u.m AND b.unit = 0), 0) END)
    INTO availables FROM unnest(in_members, in_live) AS u (m, live);
    points := array_fill(0::bigint, ARRAY[cardinality(in_members)]);
    campaigns := points;
    FOR r IN 1 .. cardinality(in_reward_scans) LOOP
        campaigns[in_reward_scans[r]] := in_campaigns[r];
        IF in_chosen[r] AND in_units[r] = 0 THEN
            points[in_reward_scans[r]] := points[in_reward_scans[r]] + in_amounts[r];
        END IF;
    END LOOP;
END $$;

-- The entry ----------------------------------------------------------------------------

-- One batch of decided scans becomes durable, an outcome each. `planned` is what the
-- worker decided on; only this may permit it. A scan with `claims` true asks for its
-- code and for its rewards; a batch names each member at most once among those.
--
-- Raises CC001 when what the batch was decided on is stale, CC002 when it must be split,
-- CC004 when a code that the filter called claimed is not, and unique_violation on scans
-- when this very batch was committed before.
CREATE FUNCTION commit_scans_2(
    in_shard smallint, in_version bigint,
    in_days integer[],  -- the business day of each scan, since 1970
    in_scan_ids bigint[], in_code_ids bigint[],
    in_members bigint[],  -- 0: nobody signed in
    in_planned text[], in_claims boolean[], in_reasons text[],  -- why held, else ''
    in_facts bytea[], in_networks inet[], in_devices bytea[], in_cells bigint[],
    in_keys bytea[], in_bodies bytea[],  -- '' where no idempotency key was sent
    in_reward_scans integer[], in_transfers bigint[], in_campaigns bigint[],
    in_units integer[], in_amounts bigint[], in_otherwise integer[],
    in_limit_rewards integer[], in_limit_rows integer[],
    in_limit_nos integer[], in_holders bigint[], in_periods integer[], in_mosts bigint[],
    OUT outcomes text[], OUT points bigint[], OUT availables bigint[],
    OUT claim_scans bigint[], OUT claim_owners bigint[], OUT scan_counts bigint[],
    OUT originals integer[], OUT waits boolean[], OUT replays bytea[],
    OUT replay_bodies bytea[], OUT repeats bigint[], OUT chosen boolean[],
    OUT refused integer[]
) LANGUAGE plpgsql AS $$
DECLARE
    step record;  -- assigned from a call: half the cost of SELECT ... INTO
    live boolean[]; won boolean[]; kept boolean[]; claimed text[]; reasons text[];
    campaigns bigint[];
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
    LOOP
        BEGIN
            step := choose_rewards(in_shard, won, in_reward_scans, in_amounts,
                in_otherwise, in_limit_rewards, in_limit_rows, in_limit_nos, in_holders,
                in_periods, in_mosts);
            chosen := step.chosen; refused := step.refused;
            outcomes := end_unpaid(
                in_shard, won, in_reward_scans, chosen, refused, claimed);
            PERFORM take_limits(in_shard, true, step.needs, in_limit_nos, in_holders,
                in_periods, in_mosts);
            kept := give_claims_back(in_shard, in_code_ids, outcomes, won);
            repeats := count_sightings(in_shard, in_scan_ids, in_code_ids, in_members,
                in_networks, in_devices, outcomes, claim_scans, live, kept);
            PERFORM add_to_balances(in_shard, in_members, outcomes, in_reward_scans,
                chosen, in_units, in_amounts);
            PERFORM take_limits(in_shard, false, step.needs, in_limit_nos, in_holders,
                in_periods, in_mosts);
            EXIT;
        EXCEPTION WHEN SQLSTATE 'CC005' THEN
            NULL;  -- Somebody took the last of it and has committed: choose again.
        END;
    END LOOP;
    step := post_rewards(in_shard, in_days, in_code_ids, in_members, live, outcomes,
        reasons, in_reward_scans, chosen, in_transfers, in_campaigns, in_units,
        in_amounts, in_limit_rewards, in_limit_rows, in_limit_nos);
    points := step.points; campaigns := step.campaigns; availables := step.availables;
    step := read_codes(
        in_shard, in_code_ids, in_members, live, kept, claim_scans, claim_owners);
    scan_counts := step.scan_counts; originals := step.originals; waits := step.waits;
    PERFORM write_scans(in_shard, in_scan_ids, in_code_ids, in_members, outcomes, points,
        campaigns, availables, claim_scans, scan_counts, in_facts, in_networks,
        in_devices, in_cells, live, repeats);
END $$;

-- What workers of before call: one reward of points a scan, with all limits of its
-- campaign. Dropped by a later migration.
CREATE OR REPLACE FUNCTION commit_scans(
    in_version bigint, in_day date, in_scan_ids bigint[], in_code_ids bigint[],
    in_members bigint[], in_planned text[], in_claims boolean[], in_points integer[],
    in_campaigns bigint[], in_reasons text[], in_facts bytea[], in_networks inet[],
    in_devices bytea[], in_cells bigint[], in_keys bytea[], in_bodies bytea[],
    OUT outcomes text[], OUT credited integer[], OUT availables bigint[],
    OUT claim_scans bigint[], OUT claim_owners bigint[], OUT scan_counts bigint[],
    OUT originals integer[], OUT waits boolean[], OUT replays bytea[],
    OUT replay_bodies bytea[], OUT repeats bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
    rewards record;
    limits_ record;
    points  bigint[];
BEGIN
    SELECT coalesce(array_agg(i::integer ORDER BY i), '{}') AS scans,
        coalesce(array_agg(s ORDER BY i), '{}') AS transfers,
        coalesce(array_agg(g ORDER BY i), '{}') AS campaigns,
        coalesce(array_agg(p::bigint ORDER BY i), '{}') AS amounts,
        array_fill(0, ARRAY[count(*)::integer]) AS zeros
    INTO rewards
    FROM unnest(in_scan_ids, in_campaigns, in_points) WITH ORDINALITY AS u (s, g, p, i)
    WHERE p > 0;
    WITH pairs AS (
        SELECT u.r, l.limit_no, l.per <> 'total' AS of_member,
            dense_rank() OVER (ORDER BY l.limit_no, holder) AS row_, holder, l.most
        FROM unnest(rewards.scans, rewards.campaigns) WITH ORDINALITY AS u (s, g, r)
        JOIN limits AS l ON l.campaign_no = u.g AND l.per IN ('total', 'member_day'),
        LATERAL (SELECT CASE l.per WHEN 'total' THEN 0 ELSE in_members[u.s] END) AS h (holder)
    ), rows_ AS (
        SELECT DISTINCT row_, limit_no, holder, of_member, most FROM pairs
    )
    SELECT coalesce(array_agg(r::integer ORDER BY r, of_member), '{}') AS rewards,
        coalesce(array_agg(row_::integer ORDER BY r, of_member), '{}') AS places,
        (SELECT coalesce(array_agg(limit_no ORDER BY row_), '{}') FROM rows_) AS numbers,
        (SELECT coalesce(array_agg(holder ORDER BY row_), '{}') FROM rows_) AS holders,
        (SELECT coalesce(array_agg(CASE WHEN of_member THEN in_day - date 'epoch' ELSE 0
            END ORDER BY row_), '{}') FROM rows_) AS periods,
        (SELECT coalesce(array_agg(most ORDER BY row_), '{}') FROM rows_) AS mosts
    INTO limits_ FROM pairs;
    SELECT c.outcomes, c.points, c.availables, c.claim_scans, c.claim_owners,
        c.scan_counts, c.originals, c.waits, c.replays, c.replay_bodies, c.repeats
    INTO outcomes, points, availables, claim_scans, claim_owners, scan_counts,
        originals, waits, replays, replay_bodies, repeats
    FROM commit_scans_2(0::smallint, in_version,
        array_fill(in_day - date 'epoch', ARRAY[cardinality(in_scan_ids)]), in_scan_ids,
        in_code_ids, in_members, in_planned, in_claims, in_reasons, in_facts, in_networks, in_devices,
        in_cells, in_keys, in_bodies, rewards.scans, rewards.transfers,
        rewards.campaigns, rewards.zeros, rewards.amounts, rewards.zeros,
        limits_.rewards, limits_.places, limits_.numbers, limits_.holders, limits_.periods,
        limits_.mosts) AS c;
    credited := points;
END $$;
