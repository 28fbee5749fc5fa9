-- What all migrations come to, to be read; `make schema` writes it.


CREATE FUNCTION add_coupons(in_shard smallint, in_coupons bigint[], in_members bigint[], in_pools bigint[], in_scan_ids bigint[], in_froms timestamp with time zone[], in_untils timestamp with time zone[], in_held boolean[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION add_gifts(in_shard smallint, in_now timestamp with time zone, in_transfers bigint[], in_members bigint[], in_origins bigint[], in_gifts integer[], in_held boolean[]) RETURNS void
    LANGUAGE sql
    AS $$
    INSERT INTO member_gifts (shard, transfer_id, member_no, origin_id, gift_no,
        changed_at, state)
    SELECT in_shard, t, m, o, g, in_now, CASE WHEN held THEN 'held' ELSE 'won' END
    FROM unnest(in_transfers, in_members, in_origins, in_gifts, in_held)
        AS u (t, m, o, g, held)
$$;

CREATE FUNCTION add_kinds_3(in_shard smallint, in_scan_ids bigint[], in_members bigint[], in_outcomes text[], in_reward_scans integer[], in_chosen boolean[], in_transfers bigint[], in_campaigns bigint[], in_offers bigint[], in_kinds text[], in_amounts bigint[], in_refs bigint[], in_froms timestamp with time zone[], in_untils timestamp with time zone[], in_limit_rewards integer[], in_limit_rows integer[], in_limit_takes bigint[], in_limit_onces boolean[], in_limit_nos integer[], in_holders bigint[], OUT completed boolean[]) RETURNS boolean[]
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION add_payouts(in_shard smallint, in_now timestamp with time zone, in_payouts bigint[], in_members bigint[], in_origins bigint[], in_campaigns bigint[], in_offers bigint[], in_minors bigint[], in_held boolean[], in_limit_payouts integer[] DEFAULT '{}'::integer[], in_limit_nos integer[] DEFAULT '{}'::integer[], in_limit_takes bigint[] DEFAULT '{}'::bigint[], in_limit_holders bigint[] DEFAULT '{}'::bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION add_rewards(in_shard smallint, in_members bigint[], in_outcomes text[], in_reward_scans integer[], in_chosen boolean[], in_units integer[], in_amounts bigint[], in_expires integer[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    gains record;
BEGIN
    SELECT array_agg(in_members[s]) AS members, array_agg(unit) AS units,
        array_agg(CASE WHEN held THEN NULL ELSE nullif(e, 0) END) AS expires,
        array_agg(CASE WHEN held THEN 0 ELSE a END) AS ready,
        array_agg(CASE WHEN held THEN a ELSE 0 END) AS later, array_agg(0::bigint) AS debts
    INTO gains
    FROM (SELECT s, unit, a, e, in_outcomes[s] = 'held' AS held
        FROM unnest(in_reward_scans, in_chosen, in_units, in_amounts, in_expires)
            AS u (s, chosen, unit, a, e) WHERE chosen) AS u;
    IF gains.members IS NOT NULL THEN
        PERFORM add_to_lots(in_shard, gains.members, gains.units, gains.expires,
            gains.ready, gains.later, gains.debts);
    END IF;
END $$;

CREATE FUNCTION add_tickets(in_shard smallint, in_now timestamp with time zone, in_transfers bigint[], in_members bigint[], in_origins bigint[], in_draws integer[], in_amounts integer[], in_held boolean[], OUT added integer[]) RETURNS integer[]
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    open_draws integer[];
BEGIN
    PERFORM FROM draw_counters WHERE draw_no = ANY (in_draws)
    ORDER BY draw_no FOR NO KEY UPDATE;
    open_draws := ARRAY(SELECT d.draw_no FROM draws AS d
        JOIN draw_counters AS c ON c.draw_no = d.draw_no
        WHERE d.draw_no = ANY (in_draws) AND c.frozen_at IS NULL
            AND in_now >= d.opens_at AND in_now < d.closes_at);
    WITH wanted AS (
        SELECT u.*, sum(amount) OVER (PARTITION BY draw_no ORDER BY i) - amount AS after
        FROM unnest(in_transfers, in_members, in_origins, in_draws, in_amounts, in_held)
            WITH ORDINALITY AS u (transfer, member, origin, draw_no, amount, held, i)
        WHERE draw_no = ANY (open_draws)
    ), numbered AS (
        UPDATE draw_counters AS c SET next_no = c.next_no + n.amount,
            tickets = c.tickets + n.valid
        FROM (SELECT draw_no, sum(amount) AS amount,
                sum(CASE WHEN held THEN 0 ELSE amount END) AS valid
            FROM wanted GROUP BY draw_no) AS n
        WHERE c.draw_no = n.draw_no
        RETURNING c.draw_no, c.next_no - n.amount AS first_no
    )
    INSERT INTO draw_tickets (shard, draw_no, first_no, amount, member_no, transfer_id,
        origin_id, added_at, state)
    SELECT in_shard, draw_no, first_no + after, amount, member, transfer, origin, in_now,
        CASE WHEN held THEN 'held' ELSE 'valid' END
    FROM wanted JOIN numbered USING (draw_no);
    added := ARRAY(SELECT CASE WHEN draw_no = ANY (open_draws) THEN amount ELSE 0 END
        FROM unnest(in_draws, in_amounts) WITH ORDINALITY AS u (draw_no, amount, i)
        ORDER BY i);
END $$;

CREATE FUNCTION add_to_balances(in_shard smallint, in_members bigint[], in_outcomes text[], in_reward_scans integer[], in_chosen boolean[], in_units integer[], in_amounts bigint[]) RETURNS void
    LANGUAGE sql
    RETURN add_rewards(in_shard, in_members, in_outcomes, in_reward_scans, in_chosen, in_units, in_amounts, array_fill(NULL::integer, ARRAY[cardinality(in_units)]));

CREATE FUNCTION add_to_lots(in_shard smallint, in_members bigint[], in_units integer[], in_expires integer[], in_ready bigint[], in_later bigint[], in_debts bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    lot     record;
    updated integer;
BEGIN
    FOR lot IN
        SELECT unit, day, count(*) AS rows_, array_agg(m ORDER BY m) AS members,
            array_agg(ready ORDER BY m) AS ready, array_agg(later ORDER BY m) AS later,
            array_agg(debt ORDER BY m) AS debts
        FROM (SELECT m, u.unit, coalesce(date 'epoch' + e, 'infinity') AS day,
                sum(ready)::bigint AS ready, sum(later)::bigint AS later,
                sum(debt)::bigint AS debt
            FROM unnest(in_members, in_units, in_expires, in_ready, in_later, in_debts)
                AS u (m, unit, e, ready, later, debt)
            GROUP BY 1, 2, 3) AS u
        GROUP BY unit, day ORDER BY unit, day
    LOOP
        IF lot.rows_ > (SELECT count(*) FROM balances WHERE shard = in_shard
            AND member_no = ANY (lot.members) AND unit = lot.unit
            AND expires_on = lot.day) THEN
            PERFORM make_lots(in_shard, lot.unit, lot.day, lot.members, lot.ready,
                lot.later, lot.debts);
            CONTINUE;
        END IF;
        UPDATE balances AS b SET
            available = b.available + lot.ready[array_position(lot.members, b.member_no)],
            pending = b.pending + lot.later[array_position(lot.members, b.member_no)],
            debt = b.debt + lot.debts[array_position(lot.members, b.member_no)]
        WHERE b.shard = in_shard AND b.member_no = ANY (lot.members)
            AND b.unit = lot.unit AND b.expires_on = lot.day;
        GET DIAGNOSTICS updated = ROW_COUNT;
        IF updated < lot.rows_ THEN
            RAISE EXCEPTION 'a balance went meanwhile' USING ERRCODE = 'CC005';
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION attach_partition(parent regclass, wished text, first bigint, last bigint) RETURNS void
    LANGUAGE plpgsql
    SET lock_timeout TO '200ms'
    AS $_$
DECLARE
    how    record := partitioning_of(parent);
    child  text := wished;
    inside text := format('%1$s IS NOT NULL AND %1$s >= %2$s AND %1$s < %3$s',
        how.key, first, last);
    names  text;
BEGIN
    FOR n IN 2 .. 1000000 LOOP
        EXIT WHEN to_regclass(quote_ident(child)) IS NULL;
        child := format('%s_%s', wished, n);
    END LOOP;
    -- In the order in which ALTER TABLE takes them: parent, child, default.
    EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', parent);
    EXECUTE format(
        'CREATE TABLE %I (LIKE %s INCLUDING ALL EXCLUDING IDENTITY,'
        ' CONSTRAINT inside CHECK (%s))', child, parent, inside);
    IF how.fallback IS NOT NULL THEN
        EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', how.fallback);
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO names
        FROM pg_attribute
        WHERE attrelid = parent AND attnum > 0 AND NOT attisdropped
            AND attgenerated = '';
        -- One statement and one transaction with attaching: a reader finds each row
        -- once, whatever happens.
        EXECUTE format(
            'WITH moved AS (DELETE FROM ONLY %s WHERE %s RETURNING %s)'
            ' INSERT INTO %I (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM moved',
            how.fallback, inside, names, child, names, names);
    END IF;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
        parent, child, first, last);
    -- It spared reading the child; the partition's own bounds say the same.
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT inside', child);
END $_$;

CREATE FUNCTION choose_rewards(in_shard smallint, in_won boolean[], in_reward_scans integer[], in_amounts bigint[], in_otherwise integer[], in_limit_rewards integer[], in_limit_rows integer[], in_limit_nos integer[], in_holders bigint[], in_periods integer[], in_mosts bigint[], OUT chosen boolean[], OUT refused integer[], OUT needs bigint[]) RETURNS record
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION choose_rewards_3(in_shard smallint, in_won boolean[], in_reward_scans integer[], in_campaigns bigint[], in_follows boolean[], in_exclusives boolean[], in_absent integer[], in_limit_rewards integer[], in_limit_rows integer[], in_limit_takes bigint[], in_limit_onces boolean[], in_limit_nos integer[], in_holders bigint[], in_periods integer[], in_mosts bigint[], OUT chosen boolean[], OUT refused integer[], OUT needs bigint[]) RETURNS record
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION claim_codes(in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[], in_claims boolean[], in_live boolean[], in_planned text[], INOUT outcomes text[], OUT won boolean[], OUT claim_scans bigint[], OUT claim_owners bigint[]) RETURNS record
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    n     integer := cardinality(in_scan_ids);
    made  bigint[];
    found record;
BEGIN
    won := array_fill(false, ARRAY[n]);
    claim_scans := array_fill(NULL::bigint, ARRAY[n]);
    claim_owners := claim_scans;
    made := insert_claims(in_shard, in_scan_ids, in_code_ids, in_members, in_claims,
        in_live, outcomes);
    FOR i IN 1 .. n LOOP
        won[i] := in_scan_ids[i] = ANY (made);
    END LOOP;
    IF won = in_live THEN
        RETURN;
    END IF;
    FOR found IN
        SELECT u.i, k.scan_id, k.member_no
        FROM unnest(in_code_ids, in_live, won) WITH ORDINALITY AS u (c, live, won, i),
        LATERAL (SELECT scan_id, member_no FROM claims
            WHERE shard = in_shard AND code_id = u.c OFFSET 0) AS k
        WHERE u.live AND NOT u.won
    LOOP
        IF found.scan_id = in_scan_ids[found.i] AND in_claims[found.i]
            AND found.member_no = in_members[found.i] THEN
            RAISE EXCEPTION 'this scan has claimed its code before'
                USING ERRCODE = 'unique_violation';
        ELSIF outcomes[found.i] NOT IN ('not_active', 'recalled') THEN
            outcomes[found.i] := 'already_claimed';
            claim_scans[found.i] := found.scan_id;
            claim_owners[found.i] := found.member_no;
        END IF;
    END LOOP;

    FOR i IN 1 .. n LOOP
        CONTINUE WHEN won[i] OR claim_scans[i] IS NOT NULL OR NOT in_live[i]
            OR outcomes[i] IN ('not_active', 'recalled');
        IF in_claims[i] AND (SELECT true FROM released_claims
            WHERE shard = in_shard AND code_id = in_code_ids[i]
                AND member_no = in_members[i] AND NOT taken_back) THEN
            outcomes[i] := 'refused';
        ELSIF in_claims[i] OR in_planned[i] = 'already_claimed' THEN
            -- A wrong bit, or a claim that ended between two of these statements.
            RAISE EXCEPTION 'a code that is not claimed was called so'
                USING ERRCODE = 'CC004';
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION claim_gifts(in_shard smallint, in_now timestamp with time zone, in_transfers bigint[], in_members bigint[], in_gifts integer[], in_addresses bytea[], in_limit_requests integer[], in_limit_rows integer[], in_limit_nos integer[], in_holders bigint[], in_periods integer[], OUT refused integer[]) RETURNS integer[]
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION commit_scans_2(in_shard smallint, in_version bigint, in_days integer[], in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[], in_planned text[], in_claims boolean[], in_reasons text[], in_facts bytea[], in_networks inet[], in_devices bytea[], in_cells bigint[], in_keys bytea[], in_bodies bytea[], in_reward_scans integer[], in_transfers bigint[], in_campaigns bigint[], in_units integer[], in_amounts bigint[], in_otherwise integer[], in_limit_rewards integer[], in_limit_rows integer[], in_limit_nos integer[], in_holders bigint[], in_periods integer[], in_mosts bigint[], OUT outcomes text[], OUT points bigint[], OUT availables bigint[], OUT claim_scans bigint[], OUT claim_owners bigint[], OUT scan_counts bigint[], OUT originals integer[], OUT waits boolean[], OUT replays bytea[], OUT replay_bodies bytea[], OUT repeats bigint[], OUT chosen boolean[], OUT refused integer[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION commit_scans_3(in_shard smallint, in_version bigint, in_days integer[], in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[], in_planned text[], in_claims boolean[], in_laters boolean[], in_reasons text[], in_facts bytea[], in_networks inet[], in_devices bytea[], in_cells bigint[], in_keys bytea[], in_bodies bytea[], in_reward_scans integer[], in_transfers bigint[], in_campaigns bigint[], in_offers bigint[], in_kinds text[], in_units integer[], in_amounts bigint[], in_expires integer[], in_refs bigint[], in_froms timestamp with time zone[], in_untils timestamp with time zone[], in_follows boolean[], in_exclusives boolean[], in_limit_rewards integer[], in_limit_rows integer[], in_limit_takes bigint[], in_limit_onces boolean[], in_limit_nos integer[], in_holders bigint[], in_periods integer[], in_mosts bigint[], OUT outcomes text[], OUT points bigint[], OUT availables bigint[], OUT claim_scans bigint[], OUT claim_owners bigint[], OUT scan_counts bigint[], OUT originals integer[], OUT original_others integer[], OUT waits boolean[], OUT replays bytea[], OUT replay_bodies bytea[], OUT repeats bigint[], OUT chosen boolean[], OUT refused integer[], OUT completed boolean[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION complete_sets(in_shard smallint, in_now timestamp with time zone, in_transfers bigint[], in_members bigint[], in_cards integer[], in_held boolean[], OUT completed boolean[]) RETURNS boolean[]
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    done bigint[];
BEGIN
    INSERT INTO collected_sets (shard, member_no, set_no)
    SELECT DISTINCT in_shard, u.m, c.set_no
    FROM unnest(in_members, in_cards, in_held) AS u (m, card, held)
    JOIN cards AS c ON c.unit = u.card
    WHERE NOT u.held ORDER BY 2, 3
    ON CONFLICT (shard, member_no, set_no) DO UPDATE SET set_no = excluded.set_no
        WHERE collected_sets.completed_at IS NULL;
    WITH made AS (
        UPDATE collected_sets AS d SET transfer_id = g.transfer_id, completed_at = in_now
        FROM (SELECT u.m AS member_no, c.set_no, max(u.t) AS transfer_id
            FROM unnest(in_transfers, in_members, in_cards, in_held)
                AS u (t, m, card, held)
            JOIN cards AS c ON c.unit = u.card
            WHERE NOT u.held GROUP BY 1, 2) AS g
        WHERE d.shard = in_shard AND d.member_no = g.member_no AND d.set_no = g.set_no
            AND d.completed_at IS NULL
            AND NOT EXISTS (SELECT FROM cards AS c WHERE c.set_no = g.set_no
                AND NOT EXISTS (SELECT FROM balances AS b
                    WHERE b.shard = in_shard AND b.member_no = g.member_no
                        AND b.unit = c.unit AND b.available > 0))
        RETURNING d.transfer_id
    )
    SELECT coalesce(array_agg(transfer_id), '{}') INTO done FROM made;
    completed := ARRAY(SELECT t = ANY (done)
        FROM unnest(in_transfers) WITH ORDINALITY AS u (t, i) ORDER BY i);
END $$;

CREATE FUNCTION count_sightings(in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[], in_networks inet[], in_devices bytea[], in_outcomes text[], in_claim_scans bigint[], in_live boolean[], in_won boolean[], OUT repeats bigint[]) RETURNS bigint[]
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    look record;
    seen record;
BEGIN
    repeats := array_fill(NULL::bigint, ARRAY[cardinality(in_scan_ids)]);
    IF in_won = in_live THEN
        RETURN;
    END IF;
    FOR look IN
        WITH looks AS MATERIALIZED (
            SELECT i, c, s, tags, before,
                CASE WHEN before IS NOT NULL
                    THEN find_repeated(tags, s, recent_tags, before) END AS again
            FROM (SELECT i, c, s, scan_tags(m, w, d, outcome, claim) AS tags
                FROM unnest(in_code_ids, in_scan_ids, in_members, in_networks, in_devices,
                    in_outcomes, in_claim_scans, in_live, in_won)
                    WITH ORDINALITY AS u (c, s, m, w, d, outcome, claim, live, won, i)
                WHERE live AND NOT won OFFSET 0) AS u
            LEFT JOIN LATERAL (SELECT recent_tags, recent_scans AS before FROM sightings
                WHERE shard = in_shard AND code_id = c OFFSET 0) AS v ON true
        ), firsts AS (
            INSERT INTO sightings (shard, code_id, scans, recent_tags, recent_scans)
            SELECT DISTINCT ON (c) in_shard, c, 1, tags,
                array_fill(s, ARRAY[cardinality(tags)])
            FROM looks WHERE before IS NULL ORDER BY c, i
            ON CONFLICT (shard, code_id) DO NOTHING
            RETURNING code_id, recent_scans[1] AS scan_id
        )
        SELECT i, c, s, tags, before, again FROM looks
        WHERE (c, s) NOT IN (SELECT code_id, scan_id FROM firsts) ORDER BY c, i
    LOOP
        repeats[look.i] := look.again;
        CONTINUE WHEN look.again IS NOT NULL;
        LOOP
            UPDATE sightings SET
                scans = scans + 1,
                recent_tags = (look.tags || recent_tags)[1:8],
                recent_scans = (array_fill(look.s, ARRAY[cardinality(look.tags)])
                    || recent_scans)[1:8]
            WHERE shard = in_shard AND code_id = look.c AND recent_scans = look.before;
            EXIT WHEN FOUND;
            -- Another scan of the code came before, of this batch or of somebody's.
            SELECT recent_tags, recent_scans INTO seen FROM sightings
            WHERE shard = in_shard AND code_id = look.c FOR UPDATE;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'a sighting is gone';
            END IF;
            look.before := seen.recent_scans;
            repeats[look.i] := find_repeated(
                look.tags, look.s, seen.recent_tags, look.before);
            EXIT WHEN repeats[look.i] IS NOT NULL;
        END LOOP;
    END LOOP;
END $$;

CREATE FUNCTION cover_stretch(parent regclass, wished text, first bigint, last bigint) RETURNS integer
    LANGUAGE plpgsql
    AS $_$
DECLARE
    step    CONSTANT integer := 50000;
    soon    bigint := first_id_at(clock_timestamp() + interval '10 s');
    settled bigint := first_id_at(clock_timestamp() - interval '10 s');
    how     record := partitioning_of(parent);
    filled  boolean;
    beyond  bigint;
BEGIN
    IF how.fallback IS NOT NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %1$s WHERE shard = 0'
            ' AND %2$s >= $1 AND %2$s < $2)', how.fallback, how.key)
            INTO filled USING first, last;
        IF filled AND first < soon AND last > settled THEN
            IF last <= soon THEN
                RETURN 0;
            END IF;
            first := soon;
        END IF;
        EXECUTE format('SELECT %2$s FROM ONLY %1$s WHERE shard = 0 AND %2$s >= $1'
            ' AND %2$s < $2 ORDER BY %2$s OFFSET %3$s LIMIT 1',
            how.fallback, how.key, step) INTO beyond USING first, last;
        -- Where one key has a whole step of rows, they move together.
        IF beyond > first THEN
            last := beyond;
        END IF;
    END IF;
    PERFORM attach_partition(parent, wished, first, last);
    RETURN 1;
END $_$;

CREATE TABLE range_version (
    only_row boolean DEFAULT true NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT range_version_only_row_check CHECK (only_row)
)
WITH (fillfactor='10');

CREATE FUNCTION current_range_version() RETURNS bigint
    LANGUAGE sql STABLE
    RETURN (SELECT range_version.version FROM range_version);

CREATE FUNCTION effects_of(in_kind text, in_debit bigint, in_credit bigint, in_expires date, in_amount bigint) RETURNS TABLE(member_no bigint, expires_on date, available bigint, pending bigint, debt bigint)
    LANGUAGE sql IMMUTABLE
    AS $$
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

CREATE FUNCTION end_payouts(in_shard smallint, in_payouts bigint[], in_states text[], in_faults text[], in_transfers bigint[], in_days integer[], in_unit smallint) RETURNS bigint[]
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
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
    IF unpaid.transfers IS NOT NULL THEN
        PERFORM note_unsealed(in_shard, ARRAY(SELECT p.origin_id
            FROM unnest(unpaid.ids) WITH ORDINALITY AS u (id, i)
            CROSS JOIN LATERAL (SELECT origin_id FROM payouts
                WHERE shard = in_shard AND payout_id = u.id OFFSET 0) AS p
            ORDER BY u.i), unpaid.transfers);
    END IF;
    PERFORM give_back_of_payouts(in_shard, false, unpaid.ids, unpaid.days);
    PERFORM tell_payouts(in_shard, ARRAY(SELECT id FROM unnest(ended) AS u (id)
        WHERE id <> ALL (unpaid.ids)));
    IF unpaid.transfers IS NOT NULL THEN
        PERFORM write_outbox(in_shard, 'unpaid', unpaid.ids, NULL);
    END IF;
    RETURN ended;
END $$;

CREATE FUNCTION end_unpaid(in_shard smallint, in_won boolean[], in_reward_scans integer[], in_chosen boolean[], in_refused integer[], INOUT outcomes text[]) RETURNS text[]
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION end_unpaid_2(in_won boolean[], in_laters boolean[], in_reward_scans integer[], in_chosen boolean[], in_refused integer[], INOUT outcomes text[]) RETURNS text[]
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION ensure_code_partitions(first_code_id bigint, last_code_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET lock_timeout TO '200ms'
    AS $$
DECLARE
    parent text;
    first  bigint;
    last   bigint;
BEGIN
    FOR chunk IN (first_code_id >> 30) .. (last_code_id >> 30) LOOP
        first := chunk::bigint << 30;
        last := (chunk::bigint + 1) << 30;
        FOREACH parent IN ARRAY ARRAY['claims', 'sightings'] LOOP
            CONTINUE WHEN isempty(uncovered(parent::regclass, first, last));
            PERFORM pg_advisory_xact_lock(4343, 2);
            CONTINUE WHEN isempty(uncovered(parent::regclass, first, last));
            PERFORM attach_partition(
                parent::regclass, format('%s_%s', parent, chunk), first, last);
        END LOOP;
    END LOOP;
END $$;

CREATE FUNCTION ensure_ledger_partitions(parent text, names text[], firsts bigint[], ends bigint[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO '$user', 'public'
    AS $$
BEGIN
    IF parent NOT IN ('members', 'transfers', 'holds') THEN
        RAISE EXCEPTION '% is not a table of the ledger', parent;
    END IF;
    RETURN ensure_time_partitions(parent, names, firsts, ends);
END $$;

CREATE FUNCTION ensure_time_partitions(parent text, names text[], firsts bigint[], ends bigint[]) RETURNS integer
    LANGUAGE plpgsql
    SET lock_timeout TO '200ms'
    AS $$
DECLARE
    of_table regclass := parent::regclass;
    stretch  int8range;
    made     integer := 0;
BEGIN
    FOR i IN 1 .. cardinality(names) LOOP
        CONTINUE WHEN isempty(uncovered(of_table, firsts[i], ends[i]));
        PERFORM pg_advisory_xact_lock(4343, 3);
        FOR stretch IN SELECT unnest(uncovered(of_table, firsts[i], ends[i])) LOOP
            made := made + cover_stretch(of_table, format('%s_%s', parent, names[i]),
                lower(stretch), upper(stretch));
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

CREATE FUNCTION find_absent(in_now timestamp with time zone, in_kinds text[], in_refs bigint[]) RETURNS integer[]
    LANGUAGE sql
    SET enable_seqscan TO 'off'
    AS $$
    SELECT array_agg(CASE WHEN in_now < d.opens_at THEN -3
        WHEN in_now >= d.closes_at OR c.frozen_at IS NOT NULL THEN -2 ELSE 0 END
        ORDER BY i)
    FROM unnest(in_kinds, in_refs) WITH ORDINALITY AS u (kind, ref, i)
    LEFT JOIN draws AS d ON u.kind = 'ticket' AND d.draw_no = u.ref
    LEFT JOIN draw_counters AS c ON c.draw_no = d.draw_no
$$;

CREATE FUNCTION find_repeated(in_tags integer[], in_scan bigint, in_recent_tags integer[], in_recent_scans bigint[]) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    RETURN (SELECT max(e.scan) AS max FROM UNNEST(find_repeated.in_recent_tags, find_repeated.in_recent_scans) e(tag, scan) WHERE ((e.tag = ANY (find_repeated.in_tags)) AND (e.scan <> find_repeated.in_scan) AND (abs(((e.scan >> 22) - (find_repeated.in_scan >> 22))) < 600000)));

CREATE FUNCTION find_voids(in_shard smallint, in_code_ids bigint[], INOUT outcomes text[]) RETURNS text[]
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    place bigint;
BEGIN
    FOR place IN
        SELECT u.i FROM unnest(in_code_ids) WITH ORDINALITY AS u (c, i)
        WHERE (SELECT true FROM void_codes AS v
            WHERE v.shard = in_shard AND v.code_id = u.c)
    LOOP
        outcomes[place] := 'not_active';
    END LOOP;
END $$;

CREATE FUNCTION first_id_at(at timestamp with time zone) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT greatest(
        floor(extract(epoch FROM at) * 1000)::bigint - 1767225600000, 0) << 22
$$;

CREATE FUNCTION fold_name(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT lower(regexp_replace(normalize(name, NFKC),
        '[\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]', '', 'g'))
$$;

CREATE FUNCTION give_back_of_payouts(in_shard smallint, in_of_members boolean, in_payouts bigint[], in_days integer[]) RETURNS void
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION give_claims_back(in_shard smallint, in_code_ids bigint[], in_outcomes text[], INOUT won boolean[]) RETURNS boolean[]
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
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
    DELETE FROM claims WHERE shard = in_shard AND code_id = ANY (lost);
END $$;

CREATE FUNCTION hold_forgotten(in_shard smallint, in_code_ids bigint[], INOUT outcomes text[], INOUT reasons text[]) RETURNS record
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    place bigint;
BEGIN
    FOR place IN
        SELECT u.i FROM unnest(in_code_ids) WITH ORDINALITY AS u (c, i)
        WHERE (SELECT true FROM forgotten_claims AS f
            WHERE f.shard = in_shard AND f.code_id = u.c)
    LOOP
        CONTINUE WHEN outcomes[place] <> 'rewarded';
        outcomes[place] := 'held';
        reasons[place] := 'rules';
    END LOOP;
END $$;

CREATE FUNCTION insert_claims(in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[], in_claims boolean[], in_live boolean[], in_outcomes text[], OUT made bigint[]) RETURNS bigint[]
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    firsts integer[];
BEGIN
    made := '{}';
    IF NOT true = ANY (in_claims) THEN
        RETURN;
    END IF;
    SELECT array_agg(i ORDER BY c, i) INTO firsts FROM (
        SELECT DISTINCT ON (c) c, i::integer
        FROM unnest(in_code_ids, in_members, in_claims, in_live, in_outcomes)
            WITH ORDINALITY AS u (c, m, claims, live, outcome, i)
        WHERE claims AND live AND outcome <> 'not_active' AND (
            SELECT true FROM claims WHERE shard = in_shard AND code_id = c) IS NULL
            AND (SELECT true FROM released_claims WHERE shard = in_shard
                AND code_id = c AND member_no = m AND NOT taken_back) IS NULL
        ORDER BY c, i) AS u;
    IF firsts IS NULL THEN
        RETURN;
    END IF;
    BEGIN
        WITH claimed AS (
            INSERT INTO claims (shard, code_id, scan_id, member_no)
            SELECT in_shard, in_code_ids[i], in_scan_ids[i], in_members[i]
            FROM unnest(firsts) AS i
            RETURNING scan_id
        )
        SELECT array_agg(scan_id) INTO made FROM claimed;
    EXCEPTION WHEN unique_violation THEN
        WITH claimed AS (
            INSERT INTO claims (shard, code_id, scan_id, member_no)
            SELECT in_shard, in_code_ids[i], in_scan_ids[i], in_members[i]
            FROM unnest(firsts) AS i
            ON CONFLICT (shard, code_id) DO NOTHING
            RETURNING scan_id
        )
        SELECT coalesce(array_agg(scan_id), '{}') INTO made FROM claimed;
    END;
END $$;

CREATE FUNCTION is_stale(in_version bigint, in_code_ids bigint[]) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN current_range_version() <> in_version AND (
        EXISTS (SELECT FROM epochs WHERE version > in_version)
        OR EXISTS (SELECT FROM products WHERE version > in_version)
        OR EXISTS (SELECT FROM campaigns WHERE version > in_version)
        OR EXISTS (SELECT FROM programme_versions WHERE range_version > in_version)
        OR EXISTS (SELECT FROM rule_set_slots WHERE range_version > in_version)
        OR EXISTS (SELECT FROM list_entries WHERE range_version > in_version)
        OR EXISTS (
            SELECT FROM unnest(in_code_ids) AS c
            CROSS JOIN LATERAL (
                SELECT r.version FROM ranges AS r WHERE r.first_code_id <= c
                ORDER BY r.first_code_id DESC LIMIT 1) AS r
            WHERE r.version > in_version));
END $$;

CREATE FUNCTION issue_coupons(in_shard smallint, in_now timestamp with time zone, in_coupons bigint[], in_members bigint[], in_pools integer[], in_froms timestamp with time zone[], in_untils timestamp with time zone[], in_limit_requests integer[], in_limit_rows integer[], in_limit_nos integer[], in_holders bigint[], in_periods integer[], OUT refused integer[]) RETURNS integer[]
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION keep_takes(in_shard smallint, in_scan_ids bigint[], in_outcomes text[], in_reward_scans integer[], in_chosen boolean[], in_limit_rewards integer[], in_limit_rows integer[], in_limit_takes bigint[], in_limit_onces boolean[], in_limit_nos integer[], in_holders bigint[]) RETURNS void
    LANGUAGE sql
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION lowest_in_default(parent regclass, first bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE
    AS $_$
DECLARE
    how    record := partitioning_of(parent);
    lowest bigint;
BEGIN
    IF how.fallback IS NOT NULL THEN
        EXECUTE format('SELECT min(%2$s) FROM ONLY %1$s WHERE shard = 0 AND %2$s >= $1',
            how.fallback, how.key) INTO lowest USING first;
    END IF;
    RETURN lowest;
END $_$;

CREATE FUNCTION make_lots(in_shard smallint, in_unit integer, in_day date, in_members bigint[], in_ready bigint[], in_later bigint[], in_debts bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
BEGIN
    IF 0 <= ALL (in_ready) AND 0 <= ALL (in_later) AND 0 <= ALL (in_debts) THEN
        INSERT INTO balances AS b (shard, member_no, unit, expires_on, available,
            pending, debt)
        SELECT in_shard, m, in_unit, in_day, ready, later, debt
        FROM unnest(in_members, in_ready, in_later, in_debts)
            AS u (m, ready, later, debt)
        ON CONFLICT (shard, member_no, unit, expires_on) DO UPDATE SET
            available = b.available + excluded.available,
            pending = b.pending + excluded.pending, debt = b.debt + excluded.debt;
        RETURN;
    END IF;
    FOR i IN 1 .. cardinality(in_members) LOOP
        UPDATE balances SET available = available + in_ready[i],
            pending = pending + in_later[i], debt = debt + in_debts[i]
        WHERE shard = in_shard AND member_no = in_members[i] AND unit = in_unit
            AND expires_on = in_day;
        CONTINUE WHEN FOUND;
        INSERT INTO balances AS b (shard, member_no, unit, expires_on, available,
            pending, debt)
        VALUES (in_shard, in_members[i], in_unit, in_day, in_ready[i], in_later[i],
            in_debts[i])
        ON CONFLICT (shard, member_no, unit, expires_on) DO UPDATE SET
            available = b.available + excluded.available,
            pending = b.pending + excluded.pending, debt = b.debt + excluded.debt;
    END LOOP;
END $$;

CREATE FUNCTION note_unsealed(in_shard smallint, in_origins bigint[], in_transfers bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO unsealed (shard, origin_id, transfer_id, origins, transfers)
    VALUES (in_shard, in_origins[1], in_transfers[1], in_origins, in_transfers);
END $$;

CREATE FUNCTION partitioning_of(parent regclass, OUT fallback regclass, OUT key text) RETURNS record
    LANGUAGE sql STABLE
    AS $$
    SELECT nullif(p.partdefid, 0)::regclass, quote_ident(a.attname)
    FROM pg_partitioned_table AS p
    JOIN pg_attribute AS a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = parent
$$;

CREATE FUNCTION partitions_of(parent regclass) RETURNS TABLE(child regclass, keys int8range)
    LANGUAGE sql STABLE
    AS $_$
    SELECT i.inhrelid::regclass, int8range(b[1]::bigint, b[2]::bigint)
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid),
        $re$^FOR VALUES FROM \((?:'(-?\d+)'|MINVALUE)\) TO \((?:'(-?\d+)'|MAXVALUE)\)$re$
    ) AS b
    WHERE i.inhparent = parent AND b IS NOT NULL
$_$;

CREATE FUNCTION pay_scans(in_shard smallint, in_days integer[], in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[], in_laters boolean[], in_networks inet[], in_devices bytea[], in_live boolean[], in_won boolean[], in_claimed text[], in_reasons text[], in_claim_scans bigint[], in_reward_scans integer[], in_transfers bigint[], in_campaigns bigint[], in_offers bigint[], in_kinds text[], in_units integer[], in_amounts bigint[], in_expires integer[], in_refs bigint[], in_froms timestamp with time zone[], in_untils timestamp with time zone[], in_follows boolean[], in_exclusives boolean[], in_limit_rewards integer[], in_limit_rows integer[], in_limit_takes bigint[], in_limit_onces boolean[], in_limit_nos integer[], in_holders bigint[], in_periods integer[], in_mosts bigint[], OUT outcomes text[], OUT chosen boolean[], OUT refused integer[], OUT kept boolean[], OUT repeats bigint[], OUT points bigint[], OUT others integer[], OUT campaigns bigint[], OUT availables bigint[], OUT completed boolean[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION post_rewards(in_shard smallint, in_days integer[], in_code_ids bigint[], in_members bigint[], in_live boolean[], in_outcomes text[], in_reasons text[], in_reward_scans integer[], in_chosen boolean[], in_transfers bigint[], in_campaigns bigint[], in_units integer[], in_amounts bigint[], in_limit_rewards integer[], in_limit_rows integer[], in_limit_nos integer[], OUT points bigint[], OUT campaigns bigint[], OUT availables bigint[]) RETURNS record
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    posted bigint[] := ARRAY(SELECT t FROM unnest(in_transfers, in_chosen) AS u (t, chosen)
        WHERE chosen);
BEGIN
    IF posted <> '{}' THEN
        PERFORM note_unsealed(in_shard, posted, posted);
    END IF;
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
    SELECT array_agg(CASE WHEN u.live AND u.m <> 0 THEN (
            SELECT greatest(coalesce(sum(b.available - b.debt), 0), 0)::bigint
            FROM balances AS b
            WHERE b.shard = in_shard AND b.member_no = u.m AND b.unit = 0
                AND b.expires_on >= date 'epoch' + u.day) END)
    INTO availables FROM unnest(in_members, in_live, in_days) AS u (m, live, day);
    points := array_fill(0::bigint, ARRAY[cardinality(in_members)]);
    campaigns := points;
    FOR r IN 1 .. cardinality(in_reward_scans) LOOP
        campaigns[in_reward_scans[r]] := in_campaigns[r];
        IF in_chosen[r] AND in_units[r] = 0 THEN
            points[in_reward_scans[r]] := points[in_reward_scans[r]] + in_amounts[r];
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION post_rewards_3(in_shard smallint, in_days integer[], in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[], in_live boolean[], in_outcomes text[], in_reasons text[], in_reward_scans integer[], in_chosen boolean[], in_transfers bigint[], in_campaigns bigint[], in_offers bigint[], in_units integer[], in_amounts bigint[], in_expires integer[], OUT points bigint[], OUT others integer[], OUT campaigns bigint[], OUT availables bigint[]) RETURNS record
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    s integer;
    named record;
BEGIN
    SELECT array_agg(in_scan_ids[s]) AS origins, array_agg(t) AS transfers INTO named
    FROM unnest(in_transfers, in_reward_scans, in_chosen) AS u (t, s, chosen)
    WHERE chosen;
    IF named.origins IS NOT NULL THEN
        PERFORM note_unsealed(in_shard, named.origins, named.transfers);
    END IF;
    INSERT INTO transfers (shard, origin_id, transfer_id, kind, debit_account,
        credit_account, unit, amount, expires_on)
    SELECT in_shard, in_scan_ids[s], t,
        CASE in_outcomes[s] WHEN 'held' THEN 'pending' ELSE 'posted' END,
        o, in_members[s], unit, a, coalesce(date 'epoch' + nullif(e, 0), 'infinity')
    FROM unnest(in_transfers, in_reward_scans, in_chosen, in_offers, in_units,
        in_amounts, in_expires) AS u (t, s, chosen, o, unit, a, e)
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
    SELECT array_agg(CASE WHEN u.live AND u.m <> 0 THEN (
            SELECT greatest(coalesce(sum(b.available - b.debt), 0), 0)::bigint
            FROM balances AS b
            WHERE b.shard = in_shard AND b.member_no = u.m AND b.unit = 0
                AND b.expires_on >= date 'epoch' + u.day) END)
    INTO availables FROM unnest(in_members, in_live, in_days) AS u (m, live, day);
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

CREATE FUNCTION post_transfers(in_shard smallint, in_origins bigint[], in_transfers bigint[], in_kinds text[], in_debits bigint[], in_credits bigint[], in_units integer[], in_expires integer[], in_amounts bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    effects record;
BEGIN
    INSERT INTO transfers (shard, origin_id, transfer_id, kind, debit_account,
        credit_account, unit, expires_on, amount)
    SELECT in_shard, o, t, k, d, c, unit, coalesce(date 'epoch' + e, 'infinity'), a
    FROM unnest(in_origins, in_transfers, in_kinds, in_debits, in_credits, in_units,
        in_expires, in_amounts) AS u (o, t, k, d, c, unit, e, a);
    PERFORM note_unsealed(in_shard, in_origins, in_transfers);
    SELECT array_agg(f.member_no) AS members, array_agg(u.unit) AS units,
        array_agg(CASE WHEN isfinite(f.expires_on) THEN f.expires_on - date 'epoch' END)
            AS expires,
        array_agg(f.available) AS ready, array_agg(f.pending) AS later,
        array_agg(f.debt) AS debts
    INTO effects
    FROM unnest(in_kinds, in_debits, in_credits, in_units, in_expires, in_amounts)
        AS u (k, d, c, unit, e, a)
    JOIN units AS n ON n.unit = u.unit AND n.has_balance
    CROSS JOIN LATERAL effects_of(
        k, d, c, coalesce(date 'epoch' + e, 'infinity'), a) AS f;
    IF effects.members IS NOT NULL THEN
        PERFORM add_to_lots(in_shard, effects.members, effects.units, effects.expires,
            effects.ready, effects.later, effects.debts);
    END IF;
END $$;

CREATE FUNCTION raise_range_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(4343, 1);
    UPDATE range_version SET version = version + 1;
    NEW.range_version := current_range_version();
    RETURN NEW;
END $$;

CREATE FUNCTION read_codes(in_shard smallint, in_code_ids bigint[], in_members bigint[], in_live boolean[], in_won boolean[], in_claim_scans bigint[], in_claim_owners bigint[], OUT scan_counts bigint[], OUT originals integer[], OUT waits boolean[]) RETURNS record
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
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
    waits := array_fill(false, ARRAY[cardinality(in_code_ids)]);
    IF array_remove(in_claim_owners, NULL) = '{}' THEN
        RETURN;
    END IF;
    FOR own IN
        SELECT u.i, s.points
        FROM unnest(in_claim_scans, in_claim_owners, in_members) WITH ORDINALITY
            AS u (claim, owner, m, i),
        LATERAL (SELECT points FROM scans
            WHERE shard = in_shard AND scan_id = u.claim OFFSET 0) AS s
        WHERE u.owner = u.m
    LOOP
        originals[own.i] := own.points;
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
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION read_codes_2(in_shard smallint, in_code_ids bigint[], in_members bigint[], in_live boolean[], in_won boolean[], in_claim_scans bigint[], in_claim_owners bigint[], OUT scan_counts bigint[], OUT originals integer[], OUT original_others integer[], OUT waits boolean[]) RETURNS record
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION redeem_coupons(in_shard smallint, in_redemptions bigint[], in_coupons bigint[], in_discounts bigint[], in_baskets bigint[], in_stores text[], in_persons text[], in_orders text[], OUT won boolean[]) RETURNS boolean[]
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION refuse_rewriting() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', tg_table_name USING ERRCODE = 'CC003';
END $$;

CREATE FUNCTION release_coupons(in_shard smallint, in_transfers bigint[], in_posted boolean[]) RETURNS void
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
BEGIN
    UPDATE coupons AS c SET state = CASE WHEN u.posted THEN 'issued' ELSE 'denied' END
    FROM unnest(in_transfers, in_posted) AS u (coupon, posted)
    WHERE c.shard = in_shard AND c.coupon_no = u.coupon AND c.state = 'held';
    PERFORM write_outbox(in_shard, 'coupons', issued.ids, NULL)
    FROM (SELECT array_agg(c) AS ids
        FROM unnest(in_transfers, in_posted) AS u (c, posted) WHERE posted) AS issued
    WHERE issued.ids IS NOT NULL;
END $$;

CREATE FUNCTION release_gifts(in_shard smallint, in_transfers bigint[], in_posted boolean[]) RETURNS void
    LANGUAGE sql
    SET enable_seqscan TO 'off'
    AS $$
    UPDATE member_gifts AS g SET state = CASE WHEN u.posted THEN 'won' ELSE 'void' END
    FROM unnest(in_transfers, in_posted) AS u (transfer, posted)
    WHERE g.shard = in_shard AND g.transfer_id = u.transfer AND g.state = 'held'
$$;

CREATE FUNCTION release_payouts(in_shard smallint, in_payouts bigint[], in_posted boolean[], in_now timestamp with time zone DEFAULT now()) RETURNS void
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION release_tickets(in_shard smallint, in_transfers bigint[], in_posted boolean[]) RETURNS bigint[]
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION scan_tags(in_member bigint, in_network inet, in_device bytea, in_outcome text, in_claim bigint) RETURNS integer[]
    LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN (in_member <> 0) THEN ARRAY[hashtext(((('m'::text || (in_member)::text) || in_outcome) || (COALESCE(in_claim, (0)::bigint))::text))] WHEN ((in_network IS NULL) AND (in_device = '\x'::bytea)) THEN ARRAY[(hashtext((('x'::text || in_outcome) || (COALESCE(in_claim, (0)::bigint))::text)) & 65535)] ELSE array_remove(ARRAY[CASE WHEN (in_device <> '\x'::bytea) THEN (hashtext(((('d'::text || encode(in_device, 'hex'::text)) || in_outcome) || (COALESCE(in_claim, (0)::bigint))::text)) & 65535) ELSE NULL::integer END, (hashtext(((('n'::text || host((network(set_masklen(in_network, CASE family(in_network) WHEN 4 THEN 32 ELSE 64 END)))::inet)) || in_outcome) || (COALESCE(in_claim, (0)::bigint))::text)) & 65535)], NULL::integer) END;

CREATE FUNCTION take_keys(in_shard smallint, in_scan_ids bigint[], in_keys bytea[], in_bodies bytea[], OUT live boolean[], OUT replays bytea[], OUT replay_bodies bytea[]) RETURNS record
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    taken record;
    new_  integer;
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
    GET DIAGNOSTICS new_ = ROW_COUNT;
    IF new_ = cardinality(array_remove(in_keys, '')) THEN
        RETURN;
    END IF;
    FOR taken IN
        SELECT u.i, k.response, k.body_hash
        FROM unnest(in_keys, in_scan_ids) WITH ORDINALITY AS u (k, s, i),
        LATERAL (SELECT owner, response, body_hash FROM idempotency_keys
            WHERE shard = in_shard AND key_hash = u.k OFFSET 0) AS k
        WHERE k.owner <> u.s
    LOOP
        live[taken.i] := false;
        replays[taken.i] := taken.response;
        replay_bodies[taken.i] := taken.body_hash;
    END LOOP;
END $$;

CREATE FUNCTION take_limits(in_shard smallint, in_of_members boolean, in_needs bigint[], in_limit_nos integer[], in_holders bigint[], in_periods integer[], in_mosts bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
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

CREATE FUNCTION tell_payouts(in_shard smallint, in_payouts bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
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

CREATE FUNCTION uncovered(parent regclass, first bigint, last bigint) RETURNS int8multirange
    LANGUAGE sql STABLE
    AS $$
    SELECT int8multirange(int8range(first, last)) - coalesce(range_agg(keys), '{}')
    FROM partitions_of(parent)
$$;

CREATE FUNCTION write_outbox(in_shard smallint, in_kind text, in_ids bigint[], in_events jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO outbox (shard, era, xid, place, at, kind, ids, events)
    SELECT in_shard, s.era, greatest(pg_current_xact_id()::text::bigint,
            pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1),
        nextval('outbox_places'), clock_timestamp(), in_kind, in_ids, in_events
    FROM outbox_state AS s;
END $$;

CREATE FUNCTION write_scans(in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[], in_outcomes text[], in_points bigint[], in_campaigns bigint[], in_availables bigint[], in_claim_scans bigint[], in_scan_counts bigint[], in_facts bytea[], in_networks inet[], in_devices bytea[], in_cells bigint[], in_live boolean[], in_repeats bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    earned bigint[];
BEGIN
    INSERT INTO scans (shard, scan_id, code_id, member_no, outcome, points, campaign_no,
        claim_scan_id, facts)
    SELECT in_shard, s, c, nullif(m, 0), outcome, p, nullif(g, 0), claim, f
    FROM unnest(in_scan_ids, in_code_ids, in_members, in_outcomes, in_points,
        in_campaigns, in_claim_scans, in_facts, in_live, in_repeats)
        AS u (s, c, m, outcome, p, g, claim, f, live, again)
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

CREATE FUNCTION write_scans_2(in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[], in_outcomes text[], in_points bigint[], in_others integer[], in_campaigns bigint[], in_claim_scans bigint[], in_facts bytea[], in_networks inet[], in_devices bytea[], in_cells bigint[], in_live boolean[], in_repeats bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE SEQUENCE account_numbers
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    MAXVALUE 1099511627775
    CACHE 1;

CREATE TABLE adjustments (
    adjustment_id bigint NOT NULL,
    member_no bigint NOT NULL,
    points bigint NOT NULL,
    reason text NOT NULL,
    state text NOT NULL,
    created_by text NOT NULL,
    approved_by text,
    approved_at timestamp with time zone,
    rejected_by text,
    rejected_at timestamp with time zone,
    rejection text,
    CONSTRAINT a_rejection_takes_two CHECK ((((state = 'rejected'::text) = (rejected_by IS NOT NULL)) AND (num_nonnulls(rejected_by, rejected_at, rejection) = ANY (ARRAY[0, 3])) AND COALESCE((fold_name(rejected_by) <> fold_name(created_by)), true))),
    CONSTRAINT adjustment_state_is_known CHECK ((state = ANY (ARRAY['waiting'::text, 'posted'::text, 'rejected'::text]))),
    CONSTRAINT adjustment_takes_two CHECK ((((state = 'posted'::text) = (approved_by IS NOT NULL)) AND COALESCE((fold_name(approved_by) <> fold_name(created_by)), true))),
    CONSTRAINT something_is_adjusted CHECK ((points <> 0))
);

CREATE TABLE audit_log (
    audit_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    person text NOT NULL,
    role text NOT NULL,
    token_id text,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL,
    request_id text
);

ALTER TABLE audit_log ALTER COLUMN audit_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME audit_log_audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE audits (
    audit_id bigint NOT NULL,
    scope text NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    since_id bigint NOT NULL,
    until_id bigint NOT NULL,
    turn integer NOT NULL,
    progress jsonb NOT NULL,
    ended_at timestamp with time zone,
    sound boolean,
    CONSTRAINT ended_as CHECK (((ended_at IS NULL) = (sound IS NULL))),
    CONSTRAINT scope_is_known CHECK ((scope = ANY (ARRAY['full'::text, 'recent'::text])))
);

ALTER TABLE audits ALTER COLUMN audit_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME audits_audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE awaiting_shipment (
    batch_id bigint NOT NULL,
    codes int8multirange NOT NULL
);

CREATE TABLE background_marks (
    name text NOT NULL,
    scan_id bigint DEFAULT 0 NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    counted_at timestamp with time zone
);

CREATE TABLE backtests (
    backtest_id bigint NOT NULL,
    first_scan bigint NOT NULL,
    after_scan bigint NOT NULL,
    upto_scan bigint NOT NULL,
    from_at timestamp with time zone NOT NULL,
    to_at timestamp with time zone NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    version integer NOT NULL,
    live_version integer NOT NULL,
    parts integer NOT NULL,
    place smallint,
    state text NOT NULL,
    fault text,
    asked_by text NOT NULL,
    trial jsonb NOT NULL,
    CONSTRAINT a_place_until_it_is_over CHECK ((((place IS NOT NULL) = (state = ANY (ARRAY['waiting'::text, 'running'::text]))) AND ((place IS NULL) = (ended_at IS NOT NULL)))),
    CONSTRAINT backtest_goes_on CHECK (((first_scan <= after_scan) AND (after_scan <= upto_scan))),
    CONSTRAINT backtest_of_some_parts CHECK (((parts >= 1) AND (parts <= 10000))),
    CONSTRAINT backtest_state_is_known CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'done'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT few_backtests_at_once CHECK (((place >= 1) AND (place <= 3))),
    CONSTRAINT only_what_failed_has_a_fault CHECK (((fault IS NOT NULL) = (state = 'failed'::text)))
);

CREATE TABLE balances (
    member_no bigint NOT NULL,
    available bigint NOT NULL,
    pending bigint NOT NULL,
    shard smallint DEFAULT 0 NOT NULL,
    unit smallint DEFAULT 0 NOT NULL,
    expires_on date DEFAULT 'infinity'::date NOT NULL,
    debt bigint DEFAULT 0 NOT NULL,
    CONSTRAINT balances_available_check CHECK ((available >= 0)),
    CONSTRAINT balances_pending_check CHECK ((pending >= 0)),
    CONSTRAINT nobody_owes_below_zero CHECK ((debt >= 0)),
    CONSTRAINT only_what_never_expires_waits CHECK (((expires_on = 'infinity'::date) OR ((pending = 0) AND (debt = 0))))
)
WITH (fillfactor='80');

CREATE TABLE batch_units (
    batch_id bigint NOT NULL,
    name text NOT NULL,
    from_index bigint NOT NULL,
    to_index bigint NOT NULL,
    CONSTRAINT batch_units_check CHECK ((to_index >= from_index)),
    CONSTRAINT batch_units_from_index_check CHECK ((from_index >= 0)),
    CONSTRAINT batch_units_name_check CHECK ((name <> ''::text))
);

CREATE TABLE batches (
    batch_id bigint NOT NULL,
    epoch smallint NOT NULL,
    first_serial bigint NOT NULL,
    quantity bigint NOT NULL,
    gtin text,
    campaign_id text,
    brand text,
    placement text NOT NULL,
    lot text,
    produced_on date,
    sale_regions text[] NOT NULL,
    line text,
    link_base text NOT NULL,
    link_form text NOT NULL,
    issued_by text NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    CONSTRAINT batches_check CHECK (((first_serial + quantity) <= '68719476736'::bigint)),
    CONSTRAINT batches_first_serial_check CHECK ((first_serial >= 0)),
    CONSTRAINT batches_link_form_check CHECK ((link_form = ANY (ARRAY['short'::text, 'gs1'::text]))),
    CONSTRAINT batches_placement_check CHECK ((placement = ANY (ARRAY['inside'::text, 'outside'::text, 'carton'::text, 'pallet'::text]))),
    CONSTRAINT batches_produced_on_in_bounds CHECK (((produced_on >= '2000-01-01'::date) AND (produced_on <= '2199-12-31'::date))),
    CONSTRAINT batches_quantity_check CHECK ((quantity > 0)),
    CONSTRAINT batches_texts_in_bounds CHECK ((((length(lot) >= 1) AND (length(lot) <= 64)) AND ((length(line) >= 1) AND (length(line) <= 64))))
);

ALTER TABLE batches ALTER COLUMN batch_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME batches_batch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE brand_kits (
    brand text NOT NULL,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    "primary" text,
    accent text,
    hotline text,
    contact_url text,
    wechat text,
    privacy_url text,
    rules_url text,
    footer text,
    logo_digest text,
    logo_type text,
    logo bytea,
    changed_at timestamp with time zone NOT NULL,
    version bigint DEFAULT current_range_version() NOT NULL,
    CONSTRAINT accent_is_a_colour CHECK ((accent ~ '^#[0-9a-f]{6}$'::text)),
    CONSTRAINT kit_texts_are_short CHECK (((GREATEST(length(brand), length(name_zh), length(name_en), length(hotline), length(wechat)) <= 64) AND (GREATEST(length(contact_url), length(privacy_url), length(rules_url), length(footer)) <= 512))),
    CONSTRAINT logo_is_whole_and_small CHECK ((((logo IS NULL) = (logo_digest IS NULL)) AND ((logo IS NULL) = (logo_type IS NULL)) AND (octet_length(logo) <= 32768) AND (logo_type = ANY (ARRAY['image/png'::text, 'image/svg+xml'::text])))),
    CONSTRAINT primary_is_a_colour CHECK (("primary" ~ '^#[0-9a-f]{6}$'::text))
);

CREATE TABLE campaign_days (
    campaign_no bigint NOT NULL,
    day date NOT NULL,
    claims bigint NOT NULL,
    members bigint NOT NULL,
    unpaid bigint NOT NULL
);

CREATE TABLE campaign_members (
    shard smallint NOT NULL,
    campaign_no bigint NOT NULL,
    member_no bigint NOT NULL
);

CREATE TABLE campaign_versions (
    campaign_no bigint NOT NULL,
    version integer NOT NULL,
    state text DEFAULT 'draft'::text NOT NULL,
    terms jsonb NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    approved_by text,
    approved_at timestamp with time zone,
    activated_by text,
    activated_at timestamp with time zone,
    CONSTRAINT nothing_pays_unapproved CHECK (((state = 'draft'::text) OR (approved_by IS NOT NULL) OR (created_by = 'operator'::text))),
    CONSTRAINT two_persons_campaign CHECK ((fold_name(approved_by) <> fold_name(created_by))),
    CONSTRAINT version_state_is_known CHECK ((state = ANY (ARRAY['draft'::text, 'approved'::text, 'active'::text, 'retired'::text])))
);

CREATE TABLE campaigns (
    campaign_no bigint DEFAULT nextval('account_numbers'::regclass) NOT NULL,
    campaign_id text NOT NULL,
    name text NOT NULL,
    points integer NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    version bigint DEFAULT current_range_version() NOT NULL,
    brand text,
    state text DEFAULT 'active'::text NOT NULL,
    active_version integer,
    CONSTRAINT campaign_state_is_known CHECK ((state = ANY (ARRAY['draft'::text, 'active'::text, 'paused'::text, 'stopped'::text]))),
    CONSTRAINT campaigns_brand_in_bounds CHECK (((length(brand) >= 1) AND (length(brand) <= 64))),
    CONSTRAINT campaigns_check CHECK ((ends_at > starts_at)),
    CONSTRAINT campaigns_points_in_bounds CHECK (((points >= 0) AND (points <= 20000000))),
    CONSTRAINT campaigns_times_in_bounds CHECK ((((starts_at >= '2000-01-01 00:00:00+00'::timestamp with time zone) AND (starts_at <= '2199-12-31 23:59:59.999999+00'::timestamp with time zone)) AND ((ends_at >= '2000-01-01 00:00:00+00'::timestamp with time zone) AND (ends_at <= '2199-12-31 23:59:59.999999+00'::timestamp with time zone))))
);

CREATE TABLE captured_events (
    brand text NOT NULL,
    event_key text NOT NULL,
    content_hash bytea NOT NULL,
    capture_id uuid NOT NULL,
    CONSTRAINT captured_events_content_hash_check CHECK ((length(content_hash) = 32))
);

CREATE TABLE card_sets (
    set_no bigint DEFAULT nextval('account_numbers'::regclass) NOT NULL,
    set_id text NOT NULL,
    name text NOT NULL,
    brand text,
    completes jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE cards (
    unit smallint NOT NULL,
    set_no bigint NOT NULL,
    place smallint NOT NULL,
    card_id text NOT NULL,
    name text NOT NULL,
    per_million integer NOT NULL,
    CONSTRAINT card_comes_up CHECK (((per_million >= 1) AND (per_million <= 1000000)))
);

CREATE TABLE carton_contents (
    sscc text NOT NULL,
    first_code_id bigint NOT NULL,
    last_code_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    unpacked_at timestamp with time zone,
    CONSTRAINT carton_contents_check CHECK ((last_code_id >= first_code_id))
);

CREATE TABLE case_actions (
    action_id bigint NOT NULL,
    case_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    undone_at timestamp with time zone,
    kind text NOT NULL,
    person text NOT NULL,
    undone_by text,
    asked jsonb NOT NULL,
    made text NOT NULL,
    CONSTRAINT case_action_is_known CHECK ((kind = ANY (ARRAY['block'::text, 'void_range'::text, 'recall_range'::text, 'freeze_tier'::text, 'pause_campaign'::text]))),
    CONSTRAINT undone_by_somebody CHECK (((undone_at IS NULL) = (undone_by IS NULL)))
);

CREATE TABLE case_entries (
    entry_id bigint NOT NULL,
    case_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    person text NOT NULL,
    detail jsonb NOT NULL
);

CREATE TABLE case_scans (
    scan_id bigint NOT NULL,
    case_id bigint NOT NULL,
    points bigint NOT NULL,
    minor bigint NOT NULL,
    entry_id bigint,
    others integer NOT NULL,
    score integer NOT NULL,
    held boolean DEFAULT true NOT NULL
);

CREATE TABLE case_settings (
    version integer NOT NULL,
    terms jsonb NOT NULL,
    state text NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    approved_by text,
    approved_at timestamp with time zone,
    CONSTRAINT case_settings_hold_once_approved CHECK ((((state = 'draft'::text) = (approved_by IS NULL)) AND ((approved_by IS NULL) = (approved_at IS NULL)))),
    CONSTRAINT case_settings_state_is_known CHECK ((state = ANY (ARRAY['draft'::text, 'active'::text, 'retired'::text])))
);

CREATE TABLE cases (
    case_id bigint NOT NULL,
    points bigint NOT NULL,
    minor bigint NOT NULL,
    worth bigint GENERATED ALWAYS AS ((points + minor)) STORED NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    assigned_until timestamp with time zone,
    snoozed_until timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    others integer NOT NULL,
    scans integer NOT NULL,
    waiting integer NOT NULL,
    unexplained integer NOT NULL,
    score integer NOT NULL,
    heaviest integer NOT NULL,
    is_over boolean GENERATED ALWAYS AS ((state = 'decided'::text)) STORED NOT NULL,
    collects boolean DEFAULT true NOT NULL,
    kind text NOT NULL,
    subject_kind text NOT NULL,
    subject text NOT NULL,
    subject_name text NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    queue text DEFAULT 'first'::text NOT NULL,
    assignee text,
    decision text,
    decided_by text,
    proposed_by text,
    proposal jsonb,
    rules text[] NOT NULL,
    CONSTRAINT a_second_person_is_asked_something CHECK ((((state = 'waiting'::text) = (proposal IS NOT NULL)) AND ((proposal IS NULL) = (proposed_by IS NULL)))),
    CONSTRAINT assigned_for_a_while CHECK (((assignee IS NULL) = (assigned_until IS NULL))),
    CONSTRAINT case_decision_is_known CHECK ((decision = ANY (ARRAY['approve'::text, 'deny'::text]))),
    CONSTRAINT case_kind_is_known CHECK ((kind = ANY (ARRAY['clone'::text, 'device_farm'::text, 'collector'::text, 'case_scan'::text, 'velocity'::text, 'leak'::text, 'diversion'::text, 'honey'::text, 'outage'::text, 'other'::text]))),
    CONSTRAINT case_state_is_known CHECK ((state = ANY (ARRAY['open'::text, 'waiting'::text, 'decided'::text]))),
    CONSTRAINT case_subject_is_known CHECK ((subject_kind = ANY (ARRAY['code'::text, 'device'::text, 'member'::text, 'network'::text, 'dealer'::text, 'batch'::text]))),
    CONSTRAINT case_sums_are_sound CHECK (((points >= 0) AND (minor >= 0) AND (others >= 0) AND ((waiting >= 0) AND (waiting <= scans)) AND ((unexplained >= 0) AND (unexplained <= scans)))),
    CONSTRAINT decided_whole CHECK ((((state = 'decided'::text) = (decided_at IS NOT NULL)) AND ((state = 'decided'::text) = (decision IS NOT NULL)) AND ((state = 'decided'::text) = (decided_by IS NOT NULL)) AND ((state <> 'decided'::text) OR (waiting = 0)))),
    CONSTRAINT only_open_cases_collect CHECK (((NOT collects) OR (state = 'open'::text)))
);

CREATE TABLE claims (
    code_id bigint NOT NULL,
    scan_id bigint NOT NULL,
    member_no bigint NOT NULL,
    shard smallint DEFAULT 0 NOT NULL
)
PARTITION BY RANGE (code_id);

CREATE TABLE clusters (
    cluster_no bigint NOT NULL,
    members bigint[] NOT NULL,
    flagged integer NOT NULL,
    computed_at timestamp with time zone NOT NULL,
    CONSTRAINT cluster_has_its_first_number CHECK ((cluster_no = members[1])),
    CONSTRAINT cluster_is_of_five CHECK ((cardinality(members) >= 5)),
    CONSTRAINT flagged_are_members CHECK (((flagged >= 0) AND (flagged <= cardinality(members))))
);

CREATE TABLE code_exports (
    export_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    preset text NOT NULL,
    rows bigint NOT NULL,
    sha256 text NOT NULL,
    person text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT code_exports_rows_check CHECK ((rows > 0)),
    CONSTRAINT code_exports_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE code_exports ALTER COLUMN export_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME code_exports_export_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE code_statuses (
    batch_id bigint NOT NULL,
    chunk_no integer NOT NULL,
    statuses bytea NOT NULL,
    CONSTRAINT code_statuses_chunk_no_check CHECK ((chunk_no >= 0)),
    CONSTRAINT code_statuses_statuses_check CHECK ((octet_length(statuses) = 65536))
);

CREATE TABLE collected_sets (
    member_no bigint NOT NULL,
    set_no bigint NOT NULL,
    transfer_id bigint,
    completed_at timestamp with time zone,
    award_id bigint,
    awarded_at timestamp with time zone,
    shard smallint DEFAULT 0 NOT NULL,
    due_at timestamp with time zone,
    CONSTRAINT awarded_once_complete CHECK (((awarded_at IS NULL) OR (completed_at IS NOT NULL))),
    CONSTRAINT awarded_under_a_number CHECK (((award_id IS NULL) = (awarded_at IS NULL))),
    CONSTRAINT completed_by_a_card CHECK (((transfer_id IS NULL) = (completed_at IS NULL)))
)
WITH (fillfactor='85');

CREATE TABLE coupon_numbers (
    epoch smallint NOT NULL,
    next_no bigint NOT NULL
);

CREATE TABLE coupon_pools (
    pool_no integer NOT NULL,
    pool_id text NOT NULL,
    name text NOT NULL,
    brand text,
    benefit text NOT NULL,
    minor bigint,
    percent smallint,
    gift text,
    min_basket_minor bigint DEFAULT 0 NOT NULL,
    valid_from timestamp with time zone,
    valid_until timestamp with time zone,
    valid_days integer,
    stores text[] DEFAULT '{}'::text[] NOT NULL,
    gtins text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT benefit_is_known CHECK (
CASE benefit
    WHEN 'amount_off'::text THEN ((minor IS NOT NULL) AND (minor > 0) AND (percent IS NULL) AND (gift IS NULL))
    WHEN 'percent_off'::text THEN ((percent IS NOT NULL) AND ((percent >= 1) AND (percent <= 100)) AND (gift IS NULL))
    WHEN 'gift'::text THEN ((gift IS NOT NULL) AND (minor IS NULL) AND (percent IS NULL))
    ELSE false
END),
    CONSTRAINT pool_ends_later CHECK ((valid_until > valid_from)),
    CONSTRAINT pool_ends_once CHECK (((valid_until IS NULL) OR (valid_days IS NULL)))
);

ALTER TABLE coupon_pools ALTER COLUMN pool_no ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME coupon_pools_pool_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE coupons (
    coupon_no bigint NOT NULL,
    member_no bigint NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_until timestamp with time zone,
    redemption_id bigint,
    pool_no integer NOT NULL,
    shard smallint DEFAULT 0 NOT NULL,
    state text DEFAULT 'issued'::text NOT NULL,
    CONSTRAINT coupon_state_is_known CHECK ((state = ANY (ARRAY['held'::text, 'denied'::text, 'issued'::text, 'redeemed'::text, 'void'::text]))),
    CONSTRAINT used_by_one_redemption CHECK (((state = 'redeemed'::text) = (redemption_id IS NOT NULL)))
)
WITH (fillfactor='85');

CREATE TABLE dealer_days (
    day date NOT NULL,
    dealer text NOT NULL,
    codes bigint NOT NULL,
    outside bigint NOT NULL,
    CONSTRAINT outside_are_codes CHECK (((outside >= 0) AND (outside <= codes)))
);

CREATE TABLE deliveries (
    endpoint_id integer NOT NULL,
    event_id text NOT NULL,
    subject text NOT NULL,
    type text NOT NULL,
    body text NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    next_at timestamp with time zone NOT NULL,
    tries smallint DEFAULT 0 NOT NULL,
    status smallint,
    fault text,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT delivery_state_is_known CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'dead'::text])))
);

CREATE TABLE draw_claims (
    draw_no integer NOT NULL,
    place integer NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    address bytea,
    award_id bigint
);

CREATE TABLE draw_counters (
    draw_no integer NOT NULL,
    next_no bigint DEFAULT 1 NOT NULL,
    tickets bigint DEFAULT 0 NOT NULL,
    frozen_at timestamp with time zone,
    CONSTRAINT tickets_have_numbers CHECK (((tickets >= 0) AND (tickets < next_no)))
)
WITH (fillfactor='10');

CREATE TABLE draw_prizes (
    draw_no integer NOT NULL,
    prize_no smallint NOT NULL,
    prize_id text NOT NULL,
    name text NOT NULL,
    quantity integer NOT NULL,
    gives jsonb,
    CONSTRAINT prize_is_there CHECK ((quantity > 0))
);

CREATE TABLE draw_publications (
    draw_no integer NOT NULL,
    part_no integer NOT NULL,
    content bytea NOT NULL
);
ALTER TABLE ONLY draw_publications ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE draw_tickets (
    first_no bigint NOT NULL,
    member_no bigint NOT NULL,
    transfer_id bigint NOT NULL,
    origin_id bigint,
    added_at timestamp with time zone NOT NULL,
    draw_no integer NOT NULL,
    amount integer NOT NULL,
    shard smallint DEFAULT 0 NOT NULL,
    state text NOT NULL,
    CONSTRAINT there_is_a_ticket CHECK (((first_no > 0) AND (amount > 0))),
    CONSTRAINT ticket_state_is_known CHECK ((state = ANY (ARRAY['valid'::text, 'held'::text, 'void'::text, 'late'::text])))
)
WITH (fillfactor='90');

CREATE TABLE draw_winners (
    draw_no integer NOT NULL,
    place integer NOT NULL,
    ticket_no bigint NOT NULL,
    member_no bigint NOT NULL
);

CREATE TABLE draws (
    draw_no integer DEFAULT nextval('account_numbers'::regclass) NOT NULL,
    draw_id text NOT NULL,
    name text NOT NULL,
    brand text,
    opens_at timestamp with time zone NOT NULL,
    closes_at timestamp with time zone NOT NULL,
    draws_at timestamp with time zone NOT NULL,
    entry text NOT NULL,
    most_tickets integer,
    claim_days integer NOT NULL,
    commitment bytea NOT NULL,
    sealed_seed bytea NOT NULL,
    sealed_ticket_key bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seed bytea,
    tickets bigint,
    tickets_digest bytea,
    drawn_at timestamp with time zone,
    claims_until timestamp with time zone,
    CONSTRAINT draw_has_an_order CHECK (((opens_at < closes_at) AND (closes_at <= draws_at))),
    CONSTRAINT draw_is_drawn_whole CHECK ((num_nulls(seed, tickets, tickets_digest, drawn_at, claims_until) = ANY (ARRAY[0, 5]))),
    CONSTRAINT entry_is_known CHECK ((entry = ANY (ARRAY['awarded'::text, 'open'::text]))),
    CONSTRAINT seed_is_the_one_committed_to CHECK ((sha256(seed) = commitment))
);

CREATE TABLE early_codes (
    code_id bigint NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    looks bigint NOT NULL,
    scans bigint NOT NULL,
    CONSTRAINT early_codes_were_seen CHECK (((looks >= 0) AND (scans >= 0) AND ((looks + scans) > 0)))
);

CREATE TABLE transfers (
    shard smallint DEFAULT 0 NOT NULL,
    origin_id bigint NOT NULL,
    transfer_id bigint CONSTRAINT transfers_transfer_id_not_null1 NOT NULL,
    kind text CONSTRAINT transfers_kind_not_null1 NOT NULL,
    debit_account bigint CONSTRAINT transfers_debit_account_not_null1 NOT NULL,
    credit_account bigint CONSTRAINT transfers_credit_account_not_null1 NOT NULL,
    amount bigint CONSTRAINT transfers_amount_not_null1 NOT NULL,
    unit smallint DEFAULT 0 NOT NULL,
    expires_on date DEFAULT 'infinity'::date NOT NULL,
    CONSTRAINT accounts_differ CHECK ((credit_account <> debit_account)),
    CONSTRAINT amount_is_positive CHECK ((amount > 0)),
    CONSTRAINT kind_is_known CHECK ((kind = ANY (ARRAY['posted'::text, 'pending'::text, 'post'::text, 'void'::text, 'grant'::text, 'spend'::text, 'spend_return'::text, 'expiry'::text, 'adjustment'::text, 'reversal'::text, 'debt'::text, 'repayment'::text, 'purchase'::text, 'return'::text, 'merge'::text, 'unpost'::text, 'unvoid'::text, 'repost'::text, 'revoid'::text])))
)
PARTITION BY RANGE (origin_id);

CREATE VIEW ends AS
 SELECT e.shard,
    e.origin_id,
    e.transfer_id,
    e.debit_account,
    e.credit_account,
    e.unit,
    e.amount,
    e.kind
   FROM transfers e
  WHERE ((e.kind = ANY (ARRAY['post'::text, 'void'::text])) AND (NOT (EXISTS ( SELECT
           FROM transfers u
          WHERE ((u.shard = e.shard) AND (u.origin_id = e.origin_id) AND (u.debit_account = e.debit_account) AND (u.kind = ANY (ARRAY['unpost'::text, 'unvoid'::text])))))))
UNION ALL
 SELECT e.shard,
    e.origin_id,
    e.transfer_id,
    e.debit_account,
    e.credit_account,
    e.unit,
    e.amount,
        CASE e.kind
            WHEN 'repost'::text THEN 'post'::text
            ELSE 'void'::text
        END AS kind
   FROM transfers e
  WHERE (e.kind = ANY (ARRAY['repost'::text, 'revoid'::text]));

CREATE VIEW entries AS
 SELECT transfers.transfer_id,
    transfers.debit_account AS account,
    transfers.unit,
    (- transfers.amount) AS amount,
    transfers.kind,
    transfers.origin_id
   FROM transfers
UNION ALL
 SELECT transfers.transfer_id,
    transfers.credit_account AS account,
    transfers.unit,
    transfers.amount,
    transfers.kind,
    transfers.origin_id
   FROM transfers;

CREATE TABLE epcis_captures (
    capture_id uuid NOT NULL,
    person text NOT NULL,
    error_behaviour text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    answer jsonb NOT NULL,
    CONSTRAINT epcis_captures_error_behaviour_check CHECK ((error_behaviour = ANY (ARRAY['rollback'::text, 'proceed'::text])))
);

CREATE TABLE epochs (
    epoch smallint NOT NULL,
    state text NOT NULL,
    key_check bytea NOT NULL,
    next_serial bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    version bigint DEFAULT current_range_version() NOT NULL,
    CONSTRAINT epochs_epoch_check CHECK (((epoch >= 0) AND (epoch <= 31))),
    CONSTRAINT epochs_key_check_check CHECK ((octet_length(key_check) = 16)),
    CONSTRAINT epochs_next_serial_check CHECK (((next_serial >= 0) AND (next_serial <= '68719476736'::bigint))),
    CONSTRAINT epochs_state_check CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text, 'frozen'::text, 'retired'::text])))
);

CREATE TABLE expiry_warnings (
    expires_on date NOT NULL,
    unit smallint NOT NULL,
    next_no bigint
);

CREATE TABLE figures_counted (
    only_row boolean DEFAULT true NOT NULL,
    era smallint,
    xid bigint,
    place bigint,
    scan_id bigint DEFAULT 0 NOT NULL,
    counted_at timestamp with time zone,
    CONSTRAINT figures_counted_only_row_check CHECK (only_row),
    CONSTRAINT figures_counted_somewhere CHECK ((((era IS NULL) = (xid IS NULL)) AND ((xid IS NULL) = (place IS NULL))))
);

CREATE TABLE forgotten_claims (
    code_id bigint NOT NULL,
    shard smallint DEFAULT 0 NOT NULL
);

CREATE TABLE fraud_days (
    day date NOT NULL,
    figure text NOT NULL,
    name text NOT NULL,
    n bigint NOT NULL
);

CREATE TABLE fraud_days_counted (
    only_row boolean DEFAULT true NOT NULL,
    scan_id bigint DEFAULT 0 NOT NULL,
    entry_id bigint DEFAULT 0 NOT NULL,
    counted_at timestamp with time zone,
    CONSTRAINT fraud_days_counted_only_row_check CHECK (only_row)
);

CREATE TABLE gifts (
    gift_no integer NOT NULL,
    gift_id text,
    offer_no bigint,
    name text NOT NULL,
    brand text,
    conditions jsonb,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT gift_is_claimed_or_won CHECK (((gift_id IS NULL) <> (offer_no IS NULL)))
);

ALTER TABLE gifts ALTER COLUMN gift_no ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME gifts_gift_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE holds (
    shard smallint DEFAULT 0 NOT NULL,
    transfer_id bigint CONSTRAINT holds_transfer_id_not_null1 NOT NULL,
    code_id bigint CONSTRAINT holds_code_id_not_null1 NOT NULL,
    member_no bigint CONSTRAINT holds_member_no_not_null1 NOT NULL,
    campaign_no bigint CONSTRAINT holds_campaign_no_not_null1 NOT NULL,
    amount bigint CONSTRAINT holds_amount_not_null1 NOT NULL,
    day date CONSTRAINT holds_day_not_null1 NOT NULL,
    reason text CONSTRAINT holds_reason_not_null1 NOT NULL,
    resolution text,
    resolved_at timestamp with time zone,
    unit smallint DEFAULT 0 NOT NULL,
    limits integer[] DEFAULT '{}'::integer[] NOT NULL,
    takes bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    holders bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    case_id bigint,
    CONSTRAINT amount_is_positive CHECK ((amount > 0)),
    CONSTRAINT reason_is_known CHECK ((reason = ANY (ARRAY['signals'::text, 'epoch'::text, 'rules'::text]))),
    CONSTRAINT resolution_is_known CHECK ((resolution = ANY (ARRAY['posted'::text, 'voided'::text]))),
    CONSTRAINT resolved_at_once CHECK (((resolved_at IS NULL) = (resolution IS NULL)))
)
PARTITION BY RANGE (transfer_id);

CREATE TABLE honey_codes (
    code_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    added_by text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    looks bigint DEFAULT 0 NOT NULL,
    scans bigint DEFAULT 0 NOT NULL,
    first_seen_at timestamp with time zone,
    last_seen_at timestamp with time zone,
    CONSTRAINT honey_codes_are_counted CHECK (((looks >= 0) AND (scans >= 0))),
    CONSTRAINT honey_codes_seen_have_times CHECK (((((looks + scans) > 0) = (first_seen_at IS NOT NULL)) AND ((first_seen_at IS NULL) = (last_seen_at IS NULL)) AND (first_seen_at <= last_seen_at)))
);

CREATE TABLE idempotency_keys (
    shard smallint DEFAULT 0 NOT NULL,
    key_hash bytea CONSTRAINT idempotency_keys_key_hash_not_null1 NOT NULL,
    body_hash bytea CONSTRAINT idempotency_keys_body_hash_not_null1 NOT NULL,
    owner bigint CONSTRAINT idempotency_keys_owner_not_null1 NOT NULL,
    status smallint,
    response bytea,
    created_at timestamp with time zone CONSTRAINT idempotency_keys_created_at_not_null1 NOT NULL,
    CONSTRAINT body_hash_has_16_bytes CHECK ((octet_length(body_hash) = 16)),
    CONSTRAINT key_hash_has_16_bytes CHECK ((octet_length(key_hash) = 16))
)
PARTITION BY HASH (key_hash);

CREATE TABLE identities (
    shard smallint DEFAULT 0 NOT NULL,
    member_id text NOT NULL,
    member_no bigint NOT NULL
)
PARTITION BY HASH (member_id);

CREATE TABLE incidents (
    kind text NOT NULL,
    subject text NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    seen bigint NOT NULL,
    incident_id bigint NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    openings bigint DEFAULT 1 NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    dismissed bigint DEFAULT 0 NOT NULL,
    first_code_id bigint,
    last_code_id bigint,
    acknowledged_by text,
    acknowledged_at timestamp with time zone,
    closed_by text,
    closed_at timestamp with time zone,
    finding text,
    note text DEFAULT ''::text NOT NULL,
    CONSTRAINT incident_acknowledged_by_a_person CHECK (((acknowledged_by IS NULL) = (acknowledged_at IS NULL))),
    CONSTRAINT incident_closed_whole CHECK ((((state = 'closed'::text) = (closed_by IS NOT NULL)) AND ((state = 'closed'::text) = (closed_at IS NOT NULL)) AND ((state = 'closed'::text) = (finding IS NOT NULL)))),
    CONSTRAINT incident_codes_in_order CHECK ((((first_code_id IS NULL) = (last_code_id IS NULL)) AND (first_code_id <= last_code_id))),
    CONSTRAINT incident_dismissed_what_was_seen CHECK (((dismissed >= 0) AND (dismissed <= seen))),
    CONSTRAINT incident_finding_is_known CHECK ((finding = ANY (ARRAY['confirmed'::text, 'false_alarm'::text]))),
    CONSTRAINT incident_state_is_known CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text]))),
    CONSTRAINT incidents_kind_check CHECK ((kind = ANY (ARRAY['key_leak'::text, 'code_guessing'::text, 'leak'::text, 'early_scan'::text, 'clone'::text, 'diversion'::text, 'honey'::text, 'win_rate'::text, 'invalid_flood'::text, 'outflow'::text, 'breaker'::text]))),
    CONSTRAINT incidents_seen_check CHECK ((seen > 0))
);

ALTER TABLE incidents ALTER COLUMN incident_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME incidents_incident_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE installation (
    only_row boolean DEFAULT true NOT NULL,
    signing_key_id text,
    member_key_id text,
    frozen_at timestamp with time zone,
    frozen_why text,
    forgets_from timestamp with time zone,
    forgets_until timestamp with time zone,
    change_mark bigint DEFAULT 0 NOT NULL,
    batch_mark bigint DEFAULT 0 NOT NULL,
    audit_mark bigint DEFAULT 0 NOT NULL,
    scan_mark bigint DEFAULT 0 NOT NULL,
    CONSTRAINT frozen_for_a_reason CHECK (((frozen_at IS NULL) = (frozen_why IS NULL))),
    CONSTRAINT installation_only_row_check CHECK (only_row)
);

CREATE TABLE invalid_reports (
    report_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    seen bigint NOT NULL,
    throttled bigint NOT NULL,
    samples jsonb NOT NULL,
    CONSTRAINT invalid_reports_seen_check CHECK ((seen >= 0)),
    CONSTRAINT invalid_reports_throttled_check CHECK ((throttled >= 0))
);

ALTER TABLE invalid_reports ALTER COLUMN report_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME invalid_reports_report_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE limit_uses (
    holder bigint NOT NULL,
    used bigint NOT NULL,
    most bigint NOT NULL,
    limit_no integer NOT NULL,
    period date NOT NULL,
    shard smallint DEFAULT 0 NOT NULL,
    CONSTRAINT no_limit_is_passed CHECK ((used <= most)),
    CONSTRAINT nothing_below_zero CHECK ((used >= 0))
)
WITH (fillfactor='85');

CREATE TABLE limits (
    limit_no integer NOT NULL,
    campaign_no bigint,
    offer_no bigint DEFAULT 0 NOT NULL,
    unit smallint DEFAULT 0 NOT NULL,
    per text NOT NULL,
    most bigint NOT NULL,
    since date NOT NULL,
    pool_no integer,
    in_force boolean DEFAULT true NOT NULL,
    gift_no integer,
    counts text DEFAULT 'points'::text NOT NULL,
    draw_no integer,
    CONSTRAINT counts_is_known CHECK ((counts = ANY (ARRAY['points'::text, 'minor'::text, 'claims'::text, 'awards'::text]))),
    CONSTRAINT limit_is_of_one CHECK (((num_nonnulls(campaign_no, pool_no, gift_no, draw_no) = 1) OR ((num_nonnulls(campaign_no, pool_no, gift_no, draw_no) = 0) AND (per = 'member'::text) AND (counts = 'claims'::text)))),
    CONSTRAINT limits_most_in_bounds CHECK (((most >= 0) AND (most <= '1000000000000000'::bigint))),
    CONSTRAINT per_is_known CHECK ((per = ANY (ARRAY['total'::text, 'member'::text, 'day'::text, 'member_day'::text, 'region_day'::text])))
);

ALTER TABLE limits ALTER COLUMN limit_no ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME limits_limit_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE line_counts (
    batch_id bigint NOT NULL,
    issued bigint NOT NULL,
    printed bigint DEFAULT 0 NOT NULL,
    rejected bigint DEFAULT 0 NOT NULL,
    wasted bigint DEFAULT 0 NOT NULL,
    missing bigint DEFAULT 0 NOT NULL,
    indeterminate bigint DEFAULT 0 NOT NULL,
    CONSTRAINT every_cap_is_accounted_for CHECK ((((((printed + rejected) + wasted) + missing) + indeterminate) <= issued)),
    CONSTRAINT line_counts_indeterminate_check CHECK ((indeterminate >= 0)),
    CONSTRAINT line_counts_issued_check CHECK ((issued > 0)),
    CONSTRAINT line_counts_missing_check CHECK ((missing >= 0)),
    CONSTRAINT line_counts_printed_check CHECK ((printed >= 0)),
    CONSTRAINT line_counts_rejected_check CHECK ((rejected >= 0)),
    CONSTRAINT line_counts_wasted_check CHECK ((wasted >= 0))
);

CREATE TABLE line_report_blocks (
    report_id bigint NOT NULL,
    block_no integer NOT NULL,
    first_index bigint NOT NULL,
    last_index bigint NOT NULL,
    notes jsonb NOT NULL,
    packed bytea NOT NULL,
    CONSTRAINT line_report_blocks_check CHECK ((last_index >= first_index))
);
ALTER TABLE ONLY line_report_blocks ALTER COLUMN packed SET STORAGE EXTERNAL;

CREATE TABLE line_report_tallies (
    report_id bigint NOT NULL,
    status text NOT NULL,
    reason text NOT NULL,
    grade text NOT NULL,
    quantity bigint NOT NULL,
    CONSTRAINT line_report_tallies_quantity_check CHECK ((quantity > 0))
);

CREATE TABLE line_reports (
    report_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    content_hash bytea NOT NULL,
    person text NOT NULL,
    at timestamp with time zone NOT NULL,
    row_count bigint NOT NULL,
    wrong_rows bigint NOT NULL,
    answer jsonb NOT NULL,
    options jsonb,
    again text DEFAULT ''::text NOT NULL,
    CONSTRAINT again_is_short CHECK ((char_length(again) <= 64)),
    CONSTRAINT line_reports_content_hash_check CHECK ((octet_length(content_hash) = 32)),
    CONSTRAINT line_reports_row_count_check CHECK ((row_count >= 0)),
    CONSTRAINT line_reports_wrong_rows_check CHECK ((wrong_rows >= 0))
);

ALTER TABLE line_reports ALTER COLUMN report_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME line_reports_report_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE list_entries (
    entry_id bigint NOT NULL,
    list text NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    first_code_id bigint,
    last_code_id bigint,
    until timestamp with time zone,
    reason text NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    removed_by text,
    removed_at timestamp with time zone,
    range_version bigint DEFAULT current_range_version() NOT NULL,
    CONSTRAINT entry_of_a_kind CHECK ((kind = ANY (ARRAY['member'::text, 'device'::text, 'network'::text, 'code_range'::text, 'store'::text, 'cell'::text, 'product'::text]))),
    CONSTRAINT entry_of_a_list CHECK ((list = ANY (ARRAY['override'::text, 'block'::text, 'allow'::text, 'shop'::text]))),
    CONSTRAINT range_has_codes CHECK (
CASE kind
    WHEN 'code_range'::text THEN COALESCE((first_code_id <= last_code_id), false)
    ELSE ((first_code_id IS NULL) AND (last_code_id IS NULL))
END),
    CONSTRAINT removed_by_a_person CHECK (((removed_by IS NULL) = (removed_at IS NULL)))
);

ALTER TABLE list_entries ALTER COLUMN entry_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME list_entries_entry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE logistic_event_units (
    event_id uuid NOT NULL,
    sscc text NOT NULL,
    pallet_sscc text
);

CREATE TABLE logistic_events (
    event_id uuid NOT NULL,
    kind text NOT NULL,
    event_no bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    time_zone_offset text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    person text NOT NULL,
    read_point text,
    biz_location text,
    epcis_id text,
    CONSTRAINT logistic_events_kind_check CHECK ((kind = ANY (ARRAY['packing'::text, 'unpacking'::text, 'shipping'::text, 'receiving'::text]))),
    CONSTRAINT logistic_events_time_zone_offset_check CHECK ((time_zone_offset ~ '^[+-][0-9]{2}:[0-9]{2}$'::text)),
    CONSTRAINT logistic_events_times_in_bounds CHECK (((happened_at >= '2000-01-01 00:00:00+00'::timestamp with time zone) AND (happened_at <= '2199-12-31 23:59:59.999999+00'::timestamp with time zone)))
);

ALTER TABLE logistic_events ALTER COLUMN event_no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME logistic_events_event_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE logistic_units (
    sscc text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    brand text,
    line text,
    pallet_sscc text,
    CONSTRAINT logistic_units_check CHECK (((pallet_sscc IS NULL) OR ((kind = 'carton'::text) AND (state <> 'unpacked'::text)))),
    CONSTRAINT logistic_units_kind_check CHECK ((kind = ANY (ARRAY['carton'::text, 'pallet'::text]))),
    CONSTRAINT logistic_units_sscc_check CHECK ((sscc ~ '^[0-9]{18}$'::text)),
    CONSTRAINT logistic_units_state_check CHECK ((state = ANY (ARRAY['packed'::text, 'shipped'::text, 'received'::text, 'unpacked'::text])))
);

CREATE TABLE member_gifts (
    transfer_id bigint NOT NULL,
    member_no bigint NOT NULL,
    origin_id bigint,
    changed_at timestamp with time zone NOT NULL,
    gift_no integer NOT NULL,
    shard smallint DEFAULT 0 NOT NULL,
    state text NOT NULL,
    address bytea,
    carrier text,
    tracking_no text,
    CONSTRAINT gift_is_sent_somewhere CHECK (((state <> 'to_send'::text) OR (address IS NOT NULL))),
    CONSTRAINT gift_state_is_known CHECK ((state = ANY (ARRAY['held'::text, 'won'::text, 'to_collect'::text, 'to_send'::text, 'shipped'::text, 'handed_over'::text, 'void'::text]))),
    CONSTRAINT shipped_by_a_carrier CHECK (((state = 'shipped'::text) = ((carrier IS NOT NULL) AND (tracking_no IS NOT NULL))))
)
WITH (fillfactor='90');

CREATE TABLE members (
    shard smallint DEFAULT 0 NOT NULL,
    member_no bigint CONSTRAINT members_member_no_not_null1 NOT NULL,
    member_id text CONSTRAINT members_member_id_not_null1 NOT NULL,
    created_at timestamp with time zone CONSTRAINT members_created_at_not_null1 NOT NULL,
    CONSTRAINT member_id_is_short CHECK (((length(member_id) >= 1) AND (length(member_id) <= 128)))
)
PARTITION BY RANGE (member_no);

CREATE TABLE offer_days (
    offer_no bigint NOT NULL,
    day date NOT NULL,
    awards bigint NOT NULL,
    amount bigint NOT NULL
);

CREATE TABLE offers (
    offer_no bigint DEFAULT nextval('account_numbers'::regclass) NOT NULL,
    campaign_no bigint NOT NULL,
    offer_id text NOT NULL,
    tier_id text DEFAULT ''::text NOT NULL,
    kind text NOT NULL,
    tier_name text DEFAULT ''::text NOT NULL,
    is_frozen boolean DEFAULT false NOT NULL,
    CONSTRAINT offer_kind_is_known CHECK ((kind = ANY (ARRAY['points'::text, 'coupon'::text, 'ticket'::text, 'card'::text, 'red_packet'::text, 'gift'::text])))
);

CREATE TABLE outbox (
    shard smallint NOT NULL,
    era smallint NOT NULL,
    xid bigint NOT NULL,
    place bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    ids bigint[],
    events jsonb,
    CONSTRAINT told_or_numbered CHECK (
CASE kind
    WHEN 'told'::text THEN ((ids IS NULL) AND (jsonb_array_length(events) > 0))
    ELSE ((events IS NULL) AND (cardinality(ids) > 0))
END)
);

CREATE SEQUENCE outbox_places
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE outbox_state (
    only_row boolean DEFAULT true NOT NULL,
    era smallint DEFAULT 0 NOT NULL,
    forgotten text,
    CONSTRAINT outbox_state_only_row_check CHECK (only_row)
);

CREATE TABLE package_downloads (
    download_id bigint NOT NULL,
    package_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    person text NOT NULL,
    token_id text NOT NULL,
    address text,
    finished_at timestamp with time zone,
    size_bytes bigint,
    sha256 text,
    etag text,
    length bigint,
    requests integer DEFAULT 1 NOT NULL,
    bytes_sent bigint DEFAULT 0 NOT NULL,
    parts int8multirange DEFAULT '{}'::int8multirange NOT NULL,
    content_sha256 text,
    CONSTRAINT bytes_are_counted CHECK ((bytes_sent >= 0)),
    CONSTRAINT length_of_etag CHECK (((etag IS NULL) = (length IS NULL))),
    CONSTRAINT package_downloads_check CHECK ((num_nulls(finished_at, size_bytes, sha256) = ANY (ARRAY[0, 3]))),
    CONSTRAINT package_downloads_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE package_downloads ALTER COLUMN download_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME package_downloads_download_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE packages (
    package_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    first_code_id bigint NOT NULL,
    last_code_id bigint NOT NULL,
    document jsonb NOT NULL,
    sample_code_id bigint NOT NULL,
    printhouse text,
    ordered_by text NOT NULL,
    ordered_at timestamp with time zone NOT NULL,
    approved_by text,
    approved_at timestamp with time zone,
    expires_at timestamp with time zone,
    wrapped_password bytea,
    downloads_allowed integer NOT NULL,
    downloads integer DEFAULT 0 NOT NULL,
    download_by timestamp with time zone,
    activate_by timestamp with time zone,
    cancelled_by text,
    cancelled_at timestamp with time zone,
    cancel_reason text,
    password_told_at timestamp with time zone,
    house_downloads integer DEFAULT 0 NOT NULL,
    CONSTRAINT downloads_are_counted CHECK ((((house_downloads >= 0) AND (house_downloads <= downloads_allowed)) AND (((downloads - house_downloads) >= 0) AND ((downloads - house_downloads) <= downloads_allowed)))),
    CONSTRAINT downloads_need_approval CHECK (((downloads = 0) OR (approved_at IS NOT NULL))),
    CONSTRAINT packages_check CHECK ((last_code_id >= first_code_id)),
    CONSTRAINT packages_check1 CHECK (((approved_at IS NULL) = (approved_by IS NULL))),
    CONSTRAINT packages_check2 CHECK (((expires_at IS NULL) = (approved_at IS NULL))),
    CONSTRAINT packages_check3 CHECK (((cancelled_at IS NULL) = (cancelled_by IS NULL))),
    CONSTRAINT packages_deadlines_in_bounds CHECK ((((download_by >= '2000-01-01 00:00:00+00'::timestamp with time zone) AND (download_by <= '2199-12-31 23:59:59.999999+00'::timestamp with time zone)) AND ((activate_by >= '2000-01-01 00:00:00+00'::timestamp with time zone) AND (activate_by <= '2199-12-31 23:59:59.999999+00'::timestamp with time zone)))),
    CONSTRAINT packages_downloads_allowed_check CHECK (((downloads_allowed >= 1) AND (downloads_allowed <= 20))),
    CONSTRAINT told_what_there_is CHECK (((password_told_at IS NULL) OR (wrapped_password IS NOT NULL))),
    CONSTRAINT two_persons_package CHECK ((fold_name(approved_by) <> fold_name(ordered_by)))
);

ALTER TABLE packages ALTER COLUMN package_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME packages_package_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE payees (
    member_no bigint NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    shard smallint DEFAULT 0 NOT NULL,
    provider text NOT NULL,
    account bytea NOT NULL,
    CONSTRAINT payee_provider_is_known CHECK ((provider = 'wechat'::text))
);

CREATE TABLE payouts (
    payout_id bigint NOT NULL,
    member_no bigint NOT NULL,
    origin_id bigint NOT NULL,
    campaign_no bigint NOT NULL,
    offer_no bigint NOT NULL,
    minor bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    lapses_at timestamp with time zone NOT NULL,
    next_at timestamp with time zone,
    sent_at timestamp with time zone,
    version integer DEFAULT 0 NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    shard smallint DEFAULT 0 NOT NULL,
    cancelling boolean DEFAULT false NOT NULL,
    disputed boolean DEFAULT false NOT NULL,
    currency text DEFAULT 'CNY'::text NOT NULL,
    state text NOT NULL,
    provider text,
    provider_ref text,
    fault text,
    confirmation text,
    account bytea,
    limits integer[] DEFAULT '{}'::integer[] NOT NULL,
    takes bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    holders bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    CONSTRAINT each_limit_was_taken_from CHECK (((cardinality(limits) = cardinality(takes)) AND (cardinality(limits) = cardinality(holders)))),
    CONSTRAINT payout_is_of_money CHECK ((minor > 0)),
    CONSTRAINT payout_state_is_known CHECK ((state = ANY (ARRAY['held'::text, 'waiting'::text, 'sent'::text, 'unknown'::text, 'confirmed'::text, 'paid'::text, 'cancelled'::text, 'failed'::text]))),
    CONSTRAINT what_is_over_is_left_alone CHECK (((state <> ALL (ARRAY['paid'::text, 'cancelled'::text, 'failed'::text])) OR (next_at IS NULL))),
    CONSTRAINT what_was_sent_has_an_account CHECK (((state = ANY (ARRAY['held'::text, 'waiting'::text, 'cancelled'::text])) OR ((sent_at IS NOT NULL) AND (account IS NOT NULL) AND (provider IS NOT NULL))))
)
WITH (fillfactor='85');

CREATE TABLE products (
    gtin text NOT NULL,
    name text NOT NULL,
    brand text NOT NULL,
    shelf_life_days integer,
    created_at timestamp with time zone NOT NULL,
    page_url text,
    version bigint DEFAULT current_range_version() NOT NULL,
    CONSTRAINT products_brand_check CHECK ((brand <> ''::text)),
    CONSTRAINT products_gtin_check CHECK ((gtin ~ '^[0-9]{14}$'::text)),
    CONSTRAINT products_name_check CHECK ((name <> ''::text)),
    CONSTRAINT products_names_in_bounds CHECK (((length(name) <= 64) AND (length(brand) <= 64))),
    CONSTRAINT products_page_url_check CHECK (((page_url ~ '^https?://[!-~]+$'::text) AND (length(page_url) <= 512))),
    CONSTRAINT products_shelf_life_days_check CHECK ((shelf_life_days > 0)),
    CONSTRAINT products_shelf_life_in_bounds CHECK (((shelf_life_days >= 1) AND (shelf_life_days <= 36500)))
);

CREATE TABLE programme_versions (
    version integer NOT NULL,
    state text NOT NULL,
    terms jsonb NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    approved_by text,
    approved_at timestamp with time zone,
    range_version bigint DEFAULT current_range_version() NOT NULL,
    CONSTRAINT programme_state_is_known CHECK ((state = ANY (ARRAY['draft'::text, 'active'::text, 'retired'::text]))),
    CONSTRAINT programme_takes_two CHECK (((state = 'draft'::text) OR ((approved_by IS NOT NULL) AND (fold_name(approved_by) <> fold_name(created_by)))))
);

CREATE TABLE range_changes (
    change_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    kind text NOT NULL,
    person text NOT NULL,
    reason text NOT NULL,
    detail jsonb NOT NULL,
    changed bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    event_id uuid DEFAULT gen_random_uuid() NOT NULL,
    goods jsonb DEFAULT '[]'::jsonb NOT NULL,
    moved int8multirange DEFAULT '{}'::int8multirange NOT NULL,
    token_id text,
    CONSTRAINT range_changes_changed_check CHECK ((changed >= 0)),
    CONSTRAINT range_changes_kind_check CHECK ((kind = ANY (ARRAY['issue'::text, 'activate'::text, 'void'::text, 'recall'::text])))
);

ALTER TABLE range_changes ALTER COLUMN change_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME range_changes_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ranges (
    first_code_id bigint NOT NULL,
    last_code_id bigint NOT NULL,
    batch_id bigint NOT NULL,
    state text NOT NULL,
    gtin text,
    lot text,
    produced_on date,
    plant text,
    line text,
    sale_regions text[] NOT NULL,
    campaign_id text,
    effective_at timestamp with time zone,
    instructions text,
    change_id bigint NOT NULL,
    version bigint DEFAULT current_range_version() NOT NULL,
    CONSTRAINT ranges_check CHECK ((last_code_id >= first_code_id)),
    CONSTRAINT ranges_effective_at_in_bounds CHECK (((effective_at >= '2000-01-01 00:00:00+00'::timestamp with time zone) AND (effective_at <= '2199-12-31 23:59:59.999999+00'::timestamp with time zone))),
    CONSTRAINT ranges_produced_on_in_bounds CHECK (((produced_on >= '2000-01-01'::date) AND (produced_on <= '2199-12-31'::date))),
    CONSTRAINT ranges_state_check CHECK ((state = ANY (ARRAY['issued'::text, 'activated'::text, 'void'::text, 'recalled'::text]))),
    CONSTRAINT ranges_texts_in_bounds CHECK ((((length(lot) >= 1) AND (length(lot) <= 64)) AND ((length(plant) >= 1) AND (length(plant) <= 64)) AND ((length(line) >= 1) AND (length(line) <= 64))))
);

CREATE TABLE recalls (
    recall_id bigint NOT NULL,
    scope jsonb NOT NULL,
    reason text NOT NULL,
    instructions text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    approved_by text,
    approved_at timestamp with time zone,
    kind text DEFAULT 'recall'::text NOT NULL,
    shown text,
    changed bigint,
    CONSTRAINT recalls_check CHECK (((approved_at IS NULL) = (approved_by IS NULL))),
    CONSTRAINT recalls_kind CHECK ((kind = ANY (ARRAY['recall'::text, 'void'::text]))),
    CONSTRAINT recalls_texts_in_bounds CHECK (((length(reason) <= 500) AND (length(instructions) <= 500))),
    CONSTRAINT two_persons_recall CHECK ((fold_name(approved_by) <> fold_name(requested_by)))
);

ALTER TABLE recalls ALTER COLUMN recall_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME recalls_recall_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE redemption_reversals (
    redemption_id bigint NOT NULL,
    reversed_at timestamp with time zone NOT NULL,
    shard smallint DEFAULT 0 NOT NULL,
    person text NOT NULL,
    reason text NOT NULL
);

CREATE TABLE redemptions (
    redemption_id bigint NOT NULL,
    coupon_no bigint NOT NULL,
    discount_minor bigint NOT NULL,
    basket_minor bigint,
    shard smallint DEFAULT 0 NOT NULL,
    store_id text,
    person text NOT NULL,
    order_ref text,
    CONSTRAINT nothing_is_added CHECK ((discount_minor >= 0))
);

CREATE TABLE refusal_minutes (
    minute timestamp with time zone NOT NULL,
    refused bigint NOT NULL,
    CONSTRAINT refusals_were_some CHECK ((refused > 0))
);

CREATE TABLE released_claims (
    code_id bigint NOT NULL,
    member_no bigint NOT NULL,
    scan_id bigint NOT NULL,
    shard smallint DEFAULT 0 NOT NULL,
    taken_back boolean DEFAULT false NOT NULL
);

CREATE TABLE reversals (
    shard smallint DEFAULT 0 NOT NULL,
    origin_id bigint NOT NULL,
    reversal_id bigint NOT NULL,
    points bigint NOT NULL,
    debt bigint NOT NULL,
    policy text,
    person text NOT NULL,
    reason text NOT NULL,
    limits integer[] DEFAULT '{}'::integer[] NOT NULL,
    takes bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    holders bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    told jsonb,
    CONSTRAINT debt_has_a_policy CHECK (((debt = 0) OR (policy = 'debt'::text))),
    CONSTRAINT nothing_below_zero_is_reversed CHECK (((points >= 0) AND (debt >= 0))),
    CONSTRAINT room_is_of_limits CHECK (((cardinality(limits) = cardinality(takes)) AND (cardinality(limits) = cardinality(holders))))
);

CREATE TABLE rule_set_changes (
    change_id bigint NOT NULL,
    action text NOT NULL,
    before integer,
    after integer,
    below bigint,
    reason text NOT NULL,
    person text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT change_of_a_kind CHECK ((action = ANY (ARRAY['install'::text, 'activate'::text, 'roll_back'::text, 'shadow'::text, 'end_shadow'::text])))
);

ALTER TABLE rule_set_changes ALTER COLUMN change_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME rule_set_changes_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE rule_set_commits (
    version integer NOT NULL,
    committed_by text NOT NULL,
    committed_at timestamp with time zone NOT NULL
);

CREATE TABLE rule_set_slots (
    slot text NOT NULL,
    version integer,
    until timestamp with time zone,
    change_id bigint,
    range_version bigint DEFAULT current_range_version() NOT NULL,
    CONSTRAINT shadow_has_an_end CHECK (((until IS NOT NULL) = ((slot = 'shadow'::text) AND (version IS NOT NULL)))),
    CONSTRAINT slot_of_a_kind CHECK ((slot = ANY (ARRAY['active'::text, 'shadow'::text])))
);

CREATE TABLE rule_sets (
    version integer NOT NULL,
    document jsonb NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    range_version bigint DEFAULT current_range_version() NOT NULL,
    note text DEFAULT ''::text NOT NULL
);

CREATE TABLE sample_batches (
    epoch smallint NOT NULL,
    gtin text NOT NULL,
    batch_id bigint NOT NULL
);

CREATE TABLE scan_traces (
    scan_id bigint NOT NULL,
    network inet,
    device bytea,
    cell bigint,
    shard smallint DEFAULT 0 NOT NULL
)
PARTITION BY RANGE (scan_id);

CREATE TABLE scans (
    scan_id bigint NOT NULL,
    code_id bigint NOT NULL,
    member_no bigint,
    outcome text NOT NULL,
    points integer NOT NULL,
    campaign_no bigint,
    available bigint,
    claim_scan_id bigint,
    scan_count bigint,
    facts bytea NOT NULL,
    shard smallint DEFAULT 0 NOT NULL,
    others smallint,
    CONSTRAINT scans_outcome_check CHECK ((outcome = ANY (ARRAY['not_active'::text, 'recalled'::text, 'already_claimed'::text, 'refused'::text, 'limit_reached'::text, 'held'::text, 'no_reward'::text, 'rewarded'::text, 'verified'::text]))),
    CONSTRAINT scans_points_check CHECK ((points >= 0))
)
PARTITION BY RANGE (scan_id);

CREATE TABLE sealing (
    only_row boolean DEFAULT true NOT NULL,
    sealed_from bigint NOT NULL,
    CONSTRAINT sealing_has_one_row CHECK (only_row)
);

CREATE TABLE seals (
    seal_no bigint NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    transfers integer NOT NULL,
    root bytea NOT NULL,
    chain bytea NOT NULL,
    entries bytea NOT NULL,
    CONSTRAINT a_seal_is_of_something CHECK ((transfers > 0)),
    CONSTRAINT hashes_are_whole CHECK (((length(root) = 32) AND (length(chain) = 32)))
);

CREATE TABLE shadow_differences (
    run bigint NOT NULL,
    scan_id bigint NOT NULL,
    live_score integer NOT NULL,
    shadow_score integer NOT NULL,
    shard smallint DEFAULT 0 NOT NULL,
    live text NOT NULL,
    shadow text NOT NULL,
    CONSTRAINT they_differ CHECK ((live <> shadow))
);

CREATE TABLE shadow_outcomes (
    run bigint NOT NULL,
    scans bigint NOT NULL,
    day date NOT NULL,
    live text NOT NULL,
    shadow text NOT NULL,
    CONSTRAINT shadow_outcome_is_known CHECK (((live = ANY (ARRAY['pass'::text, 'hold'::text, 'refuse'::text])) AND (shadow = ANY (ARRAY['pass'::text, 'hold'::text, 'refuse'::text, 'missed'::text])) AND (scans > 0)))
);

CREATE TABLE shadow_rules (
    run bigint NOT NULL,
    live_hits bigint NOT NULL,
    shadow_hits bigint NOT NULL,
    both_hits bigint NOT NULL,
    failed bigint NOT NULL,
    day date NOT NULL,
    rule_id text NOT NULL,
    CONSTRAINT both_hit_where_each_does CHECK ((((both_hits >= 0) AND (both_hits <= LEAST(live_hits, shadow_hits))) AND (failed >= 0)))
);

CREATE TABLE shadow_runs (
    run bigint NOT NULL,
    until timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    version integer NOT NULL,
    started_by text NOT NULL,
    ended_by text,
    CONSTRAINT run_ended_by_somebody CHECK (((ended_at IS NULL) = (ended_by IS NULL)))
);

CREATE TABLE sightings (
    code_id bigint NOT NULL,
    scans bigint NOT NULL,
    recent_tags integer[] DEFAULT '{}'::integer[] NOT NULL,
    recent_scans bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    shard smallint DEFAULT 0 NOT NULL,
    CONSTRAINT sightings_are_counted CHECK ((scans >= 0))
)
PARTITION BY RANGE (code_id);

CREATE TABLE spends (
    shard smallint DEFAULT 0 NOT NULL,
    unit smallint NOT NULL,
    spend_id bigint NOT NULL,
    member_no bigint NOT NULL,
    amount bigint NOT NULL,
    because text NOT NULL,
    CONSTRAINT something_is_spent CHECK ((amount > 0))
);

CREATE TABLE staff_sessions (
    session_hash bytea NOT NULL,
    token_id text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT staff_sessions_check CHECK ((expires_at > opened_at)),
    CONSTRAINT staff_sessions_session_hash_check CHECK ((length(session_hash) = 32))
);

CREATE TABLE staff_tokens (
    token_id text NOT NULL,
    secret_hash bytea NOT NULL,
    person text NOT NULL,
    role text NOT NULL,
    brand text,
    line text,
    store text,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT staff_tokens_expiry_in_bounds CHECK (((expires_at >= '2000-01-01 00:00:00+00'::timestamp with time zone) AND (expires_at <= '2199-12-31 23:59:59.999999+00'::timestamp with time zone))),
    CONSTRAINT staff_tokens_person_check CHECK ((person <> ''::text)),
    CONSTRAINT staff_tokens_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'issuer'::text, 'line'::text, 'printhouse'::text, 'marketer'::text, 'analyst'::text, 'support'::text, 'cashier'::text, 'app'::text]))),
    CONSTRAINT staff_tokens_secret_hash_check CHECK ((octet_length(secret_hash) = 32))
);

CREATE TABLE stores (
    store_id text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    region text NOT NULL,
    lat double precision,
    lon double precision,
    brand text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT store_kind_is_known CHECK ((kind = ANY (ARRAY['shop'::text, 'own'::text, 'online'::text, 'station'::text]))),
    CONSTRAINT store_lies_on_earth CHECK ((((lat IS NULL) = (lon IS NULL)) AND COALESCE((((lat >= ('-90'::integer)::double precision) AND (lat <= (90)::double precision)) AND ((lon >= ('-180'::integer)::double precision) AND (lon <= (180)::double precision))), true)))
);

CREATE TABLE strong_links (
    link_key bigint NOT NULL,
    member_no bigint NOT NULL,
    seen_on date NOT NULL,
    shard smallint DEFAULT 0 NOT NULL
);

CREATE TABLE suspected_fakes (
    shard smallint DEFAULT 0 NOT NULL,
    report_id bigint NOT NULL,
    reference text NOT NULL,
    code_id bigint,
    seen text,
    brand text,
    place text NOT NULL,
    note text NOT NULL,
    language text NOT NULL,
    CONSTRAINT note_is_short CHECK ((length(note) <= 500)),
    CONSTRAINT place_is_short CHECK ((length(place) <= 100)),
    CONSTRAINT reference_can_be_told CHECK ((reference ~ '^[0-9A-HJKMNP-TV-Z]{8}$'::text)),
    CONSTRAINT seen_is_short CHECK ((length(seen) <= 256))
);

CREATE TABLE tier_days (
    day date NOT NULL,
    campaign_id text NOT NULL,
    offer_id text NOT NULL,
    tier_id text NOT NULL,
    region text NOT NULL,
    claims bigint NOT NULL,
    wins bigint NOT NULL,
    promised bigint NOT NULL,
    CONSTRAINT promised_are_claims CHECK (((promised >= 0) AND (promised <= (claims * 1000000)))),
    CONSTRAINT wins_are_claims CHECK (((wins >= 0) AND (wins <= claims)))
);

CREATE TABLE unit_accounts (
    batch_id bigint NOT NULL,
    unit text NOT NULL,
    caps bigint NOT NULL,
    printed bigint NOT NULL,
    rejected bigint NOT NULL,
    wasted bigint NOT NULL,
    missing bigint NOT NULL,
    indeterminate bigint NOT NULL,
    CONSTRAINT a_unit_never_holds_more_than_its_caps CHECK ((((((printed + rejected) + wasted) + missing) + indeterminate) <= caps)),
    CONSTRAINT unit_accounts_caps_check CHECK ((caps > 0)),
    CONSTRAINT unit_accounts_indeterminate_check CHECK ((indeterminate >= 0)),
    CONSTRAINT unit_accounts_missing_check CHECK ((missing >= 0)),
    CONSTRAINT unit_accounts_printed_check CHECK ((printed >= 0)),
    CONSTRAINT unit_accounts_rejected_check CHECK ((rejected >= 0)),
    CONSTRAINT unit_accounts_wasted_check CHECK ((wasted >= 0))
);

CREATE TABLE unit_quantities (
    batch_id bigint NOT NULL,
    unit text NOT NULL,
    status text NOT NULL,
    quantity bigint NOT NULL,
    CONSTRAINT unit_quantities_quantity_check CHECK ((quantity >= 0)),
    CONSTRAINT unit_quantities_status_check CHECK ((status = ANY (ARRAY['printed'::text, 'rejected'::text, 'wasted'::text, 'missing'::text, 'indeterminate'::text])))
);

CREATE TABLE units (
    unit smallint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    has_balance boolean NOT NULL,
    CONSTRAINT unit_kind_is_known CHECK ((kind = ANY (ARRAY['points'::text, 'money'::text, 'coupon'::text, 'gift'::text, 'ticket'::text, 'card'::text])))
);

ALTER TABLE units ALTER COLUMN unit ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME units_unit_seq
    START WITH 16
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE unsealed (
    shard smallint NOT NULL,
    origin_id bigint NOT NULL,
    transfer_id bigint NOT NULL,
    origins bigint[] NOT NULL,
    transfers bigint[] NOT NULL
);

CREATE TABLE void_codes (
    code_id bigint NOT NULL,
    change_id bigint NOT NULL,
    shard smallint DEFAULT 0 NOT NULL
);

CREATE TABLE watched_dealers (
    dealer text NOT NULL,
    codes bigint NOT NULL,
    outside bigint NOT NULL,
    firsts bigint[] NOT NULL,
    lasts bigint[] NOT NULL,
    event_no bigint NOT NULL,
    CONSTRAINT stretches_have_both_ends CHECK ((cardinality(firsts) = cardinality(lasts))),
    CONSTRAINT watched_are_outside CHECK (((outside >= 1) AND (outside <= codes)))
);

CREATE TABLE webhook_cursor (
    only_row boolean DEFAULT true NOT NULL,
    after text,
    CONSTRAINT webhook_cursor_only_row_check CHECK (only_row)
);

CREATE TABLE webhook_endpoints (
    endpoint_id integer NOT NULL,
    url text NOT NULL,
    types text[] NOT NULL,
    secret bytea NOT NULL,
    old_secret bytea,
    old_until timestamp with time zone,
    created_by text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT an_old_secret_ends CHECK (((old_secret IS NULL) = (old_until IS NULL))),
    CONSTRAINT webhook_endpoints_types_check CHECK ((cardinality(types) > 0)),
    CONSTRAINT webhook_endpoints_url_check CHECK (((length(url) >= 1) AND (length(url) <= 2000)))
);

ALTER TABLE webhook_endpoints ALTER COLUMN endpoint_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME webhook_endpoints_endpoint_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE worker_leases (
    lease_no bigint NOT NULL,
    worker_no integer NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    last_id bigint NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT worker_leases_worker_no_check CHECK (((worker_no >= 0) AND (worker_no <= 1023)))
)
WITH (fillfactor='50');

ALTER TABLE worker_leases ALTER COLUMN lease_no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME worker_leases_lease_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE SEQUENCE worker_numbers
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE wrong_codes (
    token_id text NOT NULL,
    day date NOT NULL,
    wrong bigint NOT NULL,
    CONSTRAINT wrong_codes_are_counted CHECK ((wrong >= 0))
)
WITH (fillfactor='80');

ALTER TABLE ONLY carton_contents
    ADD CONSTRAINT a_cap_is_in_one_carton EXCLUDE USING gist (int8range(first_code_id, last_code_id, '[]'::text) WITH &&) WHERE ((unpacked_at IS NULL));

ALTER TABLE ONLY range_changes
    ADD CONSTRAINT a_change_is_one_event UNIQUE (event_id);

ALTER TABLE ONLY draw_winners
    ADD CONSTRAINT a_ticket_wins_once UNIQUE (draw_no, ticket_no);

ALTER TABLE ONLY adjustments
    ADD CONSTRAINT adjustments_pkey PRIMARY KEY (adjustment_id);

ALTER TABLE ONLY audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (audit_id);

ALTER TABLE ONLY audits
    ADD CONSTRAINT audits_pkey PRIMARY KEY (audit_id);

ALTER TABLE ONLY awaiting_shipment
    ADD CONSTRAINT awaiting_shipment_pkey PRIMARY KEY (batch_id);

ALTER TABLE ONLY background_marks
    ADD CONSTRAINT background_marks_pkey PRIMARY KEY (name);

ALTER TABLE ONLY backtests
    ADD CONSTRAINT backtest_in_a_place UNIQUE (place);

ALTER TABLE ONLY backtests
    ADD CONSTRAINT backtests_pkey PRIMARY KEY (backtest_id);

ALTER TABLE ONLY balances
    ADD CONSTRAINT balances_pkey PRIMARY KEY (shard, member_no, unit, expires_on);

ALTER TABLE ONLY batch_units
    ADD CONSTRAINT batch_units_pkey PRIMARY KEY (batch_id, name);

ALTER TABLE ONLY batches
    ADD CONSTRAINT batches_never_overlap EXCLUDE USING gist (int8range((((epoch)::bigint << 36) + first_serial), ((((epoch)::bigint << 36) + first_serial) + quantity)) WITH &&);

ALTER TABLE ONLY batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (batch_id);

ALTER TABLE ONLY brand_kits
    ADD CONSTRAINT brand_kits_pkey PRIMARY KEY (brand);

ALTER TABLE ONLY campaign_days
    ADD CONSTRAINT campaign_days_pkey PRIMARY KEY (campaign_no, day);

ALTER TABLE ONLY campaign_members
    ADD CONSTRAINT campaign_members_pkey PRIMARY KEY (shard, campaign_no, member_no);

ALTER TABLE ONLY campaign_versions
    ADD CONSTRAINT campaign_versions_pkey PRIMARY KEY (campaign_no, version);

ALTER TABLE ONLY campaigns
    ADD CONSTRAINT campaigns_campaign_id_key UNIQUE (campaign_id);

ALTER TABLE ONLY campaigns
    ADD CONSTRAINT campaigns_pkey PRIMARY KEY (campaign_no);

ALTER TABLE ONLY captured_events
    ADD CONSTRAINT captured_events_pkey PRIMARY KEY (brand, event_key);

ALTER TABLE ONLY card_sets
    ADD CONSTRAINT card_sets_pkey PRIMARY KEY (set_no);

ALTER TABLE ONLY cards
    ADD CONSTRAINT cards_pkey PRIMARY KEY (unit);

ALTER TABLE ONLY carton_contents
    ADD CONSTRAINT carton_contents_pkey PRIMARY KEY (sscc, first_code_id);

ALTER TABLE ONLY case_actions
    ADD CONSTRAINT case_actions_pkey PRIMARY KEY (action_id);

ALTER TABLE ONLY case_entries
    ADD CONSTRAINT case_entries_pkey PRIMARY KEY (entry_id);

ALTER TABLE ONLY case_scans
    ADD CONSTRAINT case_scans_pkey PRIMARY KEY (scan_id);

ALTER TABLE ONLY case_settings
    ADD CONSTRAINT case_settings_pkey PRIMARY KEY (version);

ALTER TABLE ONLY cases
    ADD CONSTRAINT cases_pkey PRIMARY KEY (case_id);

ALTER TABLE ONLY claims
    ADD CONSTRAINT claims_pkey PRIMARY KEY (shard, code_id);

ALTER TABLE ONLY clusters
    ADD CONSTRAINT clusters_pkey PRIMARY KEY (cluster_no);

ALTER TABLE ONLY code_exports
    ADD CONSTRAINT code_exports_pkey PRIMARY KEY (export_id);

ALTER TABLE ONLY code_statuses
    ADD CONSTRAINT code_statuses_pkey PRIMARY KEY (batch_id, chunk_no);

ALTER TABLE ONLY collected_sets
    ADD CONSTRAINT collected_sets_pkey PRIMARY KEY (shard, member_no, set_no);

ALTER TABLE ONLY coupon_numbers
    ADD CONSTRAINT coupon_numbers_pkey PRIMARY KEY (epoch);

ALTER TABLE ONLY coupon_pools
    ADD CONSTRAINT coupon_pools_pkey PRIMARY KEY (pool_no);

ALTER TABLE ONLY coupons
    ADD CONSTRAINT coupons_pkey PRIMARY KEY (shard, coupon_no);

ALTER TABLE ONLY dealer_days
    ADD CONSTRAINT dealer_days_pkey PRIMARY KEY (day, dealer);

ALTER TABLE ONLY deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (endpoint_id, event_id);

ALTER TABLE ONLY draw_claims
    ADD CONSTRAINT draw_claims_pkey PRIMARY KEY (draw_no, place);

ALTER TABLE ONLY draw_counters
    ADD CONSTRAINT draw_counters_pkey PRIMARY KEY (draw_no);

ALTER TABLE ONLY draw_prizes
    ADD CONSTRAINT draw_prizes_pkey PRIMARY KEY (draw_no, prize_no);

ALTER TABLE ONLY draw_publications
    ADD CONSTRAINT draw_publications_pkey PRIMARY KEY (draw_no, part_no);

ALTER TABLE ONLY draw_tickets
    ADD CONSTRAINT draw_tickets_pkey PRIMARY KEY (shard, draw_no, first_no);

ALTER TABLE ONLY draw_winners
    ADD CONSTRAINT draw_winners_pkey PRIMARY KEY (draw_no, place);

ALTER TABLE ONLY draws
    ADD CONSTRAINT draws_pkey PRIMARY KEY (draw_no);

ALTER TABLE ONLY early_codes
    ADD CONSTRAINT early_codes_pkey PRIMARY KEY (code_id);

ALTER TABLE ONLY epcis_captures
    ADD CONSTRAINT epcis_captures_pkey PRIMARY KEY (capture_id);

ALTER TABLE ONLY packages
    ADD CONSTRAINT epcis_packages_never_overlap EXCLUDE USING gist (int8range(first_code_id, last_code_id, '[]'::text) WITH &&) WHERE (((cancelled_at IS NULL) AND ((document ->> 'preset'::text) = 'epcis'::text)));

ALTER TABLE ONLY epochs
    ADD CONSTRAINT epochs_pkey PRIMARY KEY (epoch);

ALTER TABLE ONLY logistic_events
    ADD CONSTRAINT events_are_in_order UNIQUE (event_no);

ALTER TABLE ONLY expiry_warnings
    ADD CONSTRAINT expiry_warnings_pkey PRIMARY KEY (expires_on, unit);

ALTER TABLE ONLY figures_counted
    ADD CONSTRAINT figures_counted_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY forgotten_claims
    ADD CONSTRAINT forgotten_claims_pkey PRIMARY KEY (shard, code_id);

ALTER TABLE ONLY fraud_days_counted
    ADD CONSTRAINT fraud_days_counted_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY fraud_days
    ADD CONSTRAINT fraud_days_pkey PRIMARY KEY (day, figure, name);

ALTER TABLE ONLY gifts
    ADD CONSTRAINT gifts_pkey PRIMARY KEY (gift_no);

ALTER TABLE ONLY holds
    ADD CONSTRAINT holds_pkey PRIMARY KEY (shard, transfer_id);

ALTER TABLE ONLY honey_codes
    ADD CONSTRAINT honey_codes_pkey PRIMARY KEY (code_id);

ALTER TABLE ONLY idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (shard, key_hash);

ALTER TABLE ONLY identities
    ADD CONSTRAINT identities_pkey PRIMARY KEY (shard, member_id) INCLUDE (member_no);

ALTER TABLE ONLY incidents
    ADD CONSTRAINT incidents_pkey PRIMARY KEY (kind, subject);

ALTER TABLE ONLY installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY invalid_reports
    ADD CONSTRAINT invalid_reports_pkey PRIMARY KEY (report_id);

ALTER TABLE ONLY limit_uses
    ADD CONSTRAINT limit_uses_pkey PRIMARY KEY (shard, limit_no, holder, period);

ALTER TABLE ONLY limits
    ADD CONSTRAINT limits_pkey PRIMARY KEY (limit_no);

ALTER TABLE ONLY line_counts
    ADD CONSTRAINT line_counts_pkey PRIMARY KEY (batch_id);

ALTER TABLE ONLY line_report_blocks
    ADD CONSTRAINT line_report_blocks_pkey PRIMARY KEY (report_id, block_no);

ALTER TABLE ONLY line_report_tallies
    ADD CONSTRAINT line_report_tallies_pkey PRIMARY KEY (report_id, status, reason, grade);

ALTER TABLE ONLY line_reports
    ADD CONSTRAINT line_reports_pkey PRIMARY KEY (report_id);

ALTER TABLE ONLY list_entries
    ADD CONSTRAINT list_entries_pkey PRIMARY KEY (entry_id);

ALTER TABLE ONLY logistic_event_units
    ADD CONSTRAINT logistic_event_units_pkey PRIMARY KEY (event_id, sscc);

ALTER TABLE ONLY logistic_events
    ADD CONSTRAINT logistic_events_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY logistic_units
    ADD CONSTRAINT logistic_units_pkey PRIMARY KEY (sscc);

ALTER TABLE ONLY member_gifts
    ADD CONSTRAINT member_gifts_pkey PRIMARY KEY (shard, transfer_id);

ALTER TABLE ONLY members
    ADD CONSTRAINT members_pkey PRIMARY KEY (shard, member_no);

ALTER TABLE ONLY offer_days
    ADD CONSTRAINT offer_days_pkey PRIMARY KEY (offer_no, day);

ALTER TABLE ONLY offers
    ADD CONSTRAINT offers_pkey PRIMARY KEY (offer_no);

ALTER TABLE ONLY cards
    ADD CONSTRAINT one_card_of_a_name UNIQUE (set_no, card_id);

ALTER TABLE ONLY cards
    ADD CONSTRAINT one_card_of_a_place UNIQUE (set_no, place);

ALTER TABLE ONLY draws
    ADD CONSTRAINT one_draw_of_a_name UNIQUE (draw_id);

ALTER TABLE ONLY gifts
    ADD CONSTRAINT one_gift_of_an_id UNIQUE (gift_id);

ALTER TABLE ONLY gifts
    ADD CONSTRAINT one_gift_of_an_offer UNIQUE (offer_no, name);

ALTER TABLE ONLY limits
    ADD CONSTRAINT one_limit_of_a_kind UNIQUE (campaign_no, offer_no, unit, per, counts);

ALTER TABLE ONLY limits
    ADD CONSTRAINT one_limit_of_a_kind_of_a_draw UNIQUE (draw_no, per);

ALTER TABLE ONLY limits
    ADD CONSTRAINT one_limit_of_a_kind_of_a_gift UNIQUE (gift_no, per);

ALTER TABLE ONLY limits
    ADD CONSTRAINT one_limit_of_a_kind_of_a_pool UNIQUE (pool_no, per);

ALTER TABLE ONLY offers
    ADD CONSTRAINT one_offer_of_a_name UNIQUE (campaign_no, offer_id, tier_id, kind);

ALTER TABLE ONLY coupon_pools
    ADD CONSTRAINT one_pool_of_a_name UNIQUE (pool_id);

ALTER TABLE ONLY draw_prizes
    ADD CONSTRAINT one_prize_of_a_name UNIQUE (draw_no, prize_id);

ALTER TABLE ONLY suspected_fakes
    ADD CONSTRAINT one_report_a_reference UNIQUE (shard, reference);

ALTER TABLE ONLY card_sets
    ADD CONSTRAINT one_set_of_a_name UNIQUE (set_id);

ALTER TABLE ONLY rule_set_slots
    ADD CONSTRAINT one_slot_of_a_version UNIQUE (version);

ALTER TABLE ONLY units
    ADD CONSTRAINT one_unit_of_a_name UNIQUE (kind, name);

ALTER TABLE ONLY outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (shard, era, xid, place);

ALTER TABLE ONLY outbox_state
    ADD CONSTRAINT outbox_state_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY package_downloads
    ADD CONSTRAINT package_downloads_pkey PRIMARY KEY (download_id);

ALTER TABLE ONLY packages
    ADD CONSTRAINT packages_never_overlap EXCLUDE USING gist (int8range(first_code_id, last_code_id, '[]'::text) WITH &&) WHERE (((cancelled_at IS NULL) AND ((document ->> 'preset'::text) <> 'epcis'::text)));

ALTER TABLE ONLY packages
    ADD CONSTRAINT packages_pkey PRIMARY KEY (package_id);

ALTER TABLE ONLY payees
    ADD CONSTRAINT payees_pkey PRIMARY KEY (shard, member_no);

ALTER TABLE ONLY payouts
    ADD CONSTRAINT payouts_pkey PRIMARY KEY (shard, payout_id);

ALTER TABLE ONLY products
    ADD CONSTRAINT products_pkey PRIMARY KEY (gtin);

ALTER TABLE ONLY programme_versions
    ADD CONSTRAINT programme_versions_pkey PRIMARY KEY (version);

ALTER TABLE ONLY range_changes
    ADD CONSTRAINT range_changes_pkey PRIMARY KEY (change_id);

ALTER TABLE ONLY range_version
    ADD CONSTRAINT range_version_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY ranges
    ADD CONSTRAINT ranges_never_overlap EXCLUDE USING gist (int8range(first_code_id, last_code_id, '[]'::text) WITH &&);

ALTER TABLE ONLY ranges
    ADD CONSTRAINT ranges_pkey PRIMARY KEY (first_code_id);

ALTER TABLE ONLY recalls
    ADD CONSTRAINT recalls_pkey PRIMARY KEY (recall_id);

ALTER TABLE ONLY redemption_reversals
    ADD CONSTRAINT redemption_reversals_pkey PRIMARY KEY (shard, redemption_id);

ALTER TABLE ONLY redemptions
    ADD CONSTRAINT redemptions_pkey PRIMARY KEY (shard, redemption_id);

ALTER TABLE ONLY refusal_minutes
    ADD CONSTRAINT refusal_minutes_pkey PRIMARY KEY (minute);

ALTER TABLE ONLY released_claims
    ADD CONSTRAINT released_claims_pkey PRIMARY KEY (shard, code_id, member_no);

ALTER TABLE ONLY reversals
    ADD CONSTRAINT reversals_pkey PRIMARY KEY (shard, origin_id);

ALTER TABLE ONLY rule_set_changes
    ADD CONSTRAINT rule_set_changes_pkey PRIMARY KEY (change_id);

ALTER TABLE ONLY rule_set_commits
    ADD CONSTRAINT rule_set_commits_pkey PRIMARY KEY (version);

ALTER TABLE ONLY rule_set_slots
    ADD CONSTRAINT rule_set_slots_pkey PRIMARY KEY (slot);

ALTER TABLE ONLY rule_sets
    ADD CONSTRAINT rule_sets_pkey PRIMARY KEY (version);

ALTER TABLE ONLY sample_batches
    ADD CONSTRAINT sample_batches_pkey PRIMARY KEY (epoch, gtin);

ALTER TABLE ONLY scans
    ADD CONSTRAINT scans_pkey PRIMARY KEY (shard, scan_id);

ALTER TABLE ONLY sealing
    ADD CONSTRAINT sealing_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY seals
    ADD CONSTRAINT seals_pkey PRIMARY KEY (seal_no);

ALTER TABLE ONLY shadow_differences
    ADD CONSTRAINT shadow_differences_pkey PRIMARY KEY (shard, run, scan_id);

ALTER TABLE ONLY shadow_outcomes
    ADD CONSTRAINT shadow_outcomes_pkey PRIMARY KEY (run, day, live, shadow);

ALTER TABLE ONLY shadow_rules
    ADD CONSTRAINT shadow_rules_pkey PRIMARY KEY (run, day, rule_id);

ALTER TABLE ONLY shadow_runs
    ADD CONSTRAINT shadow_runs_pkey PRIMARY KEY (run);

ALTER TABLE ONLY sightings
    ADD CONSTRAINT sightings_pkey PRIMARY KEY (shard, code_id);

ALTER TABLE ONLY spends
    ADD CONSTRAINT spends_pkey PRIMARY KEY (shard, spend_id);

ALTER TABLE ONLY staff_sessions
    ADD CONSTRAINT staff_sessions_pkey PRIMARY KEY (session_hash);

ALTER TABLE ONLY staff_tokens
    ADD CONSTRAINT staff_tokens_pkey PRIMARY KEY (token_id);

ALTER TABLE ONLY stores
    ADD CONSTRAINT stores_pkey PRIMARY KEY (store_id);

ALTER TABLE ONLY strong_links
    ADD CONSTRAINT strong_links_pkey PRIMARY KEY (shard, link_key, member_no);

ALTER TABLE ONLY suspected_fakes
    ADD CONSTRAINT suspected_fakes_pkey PRIMARY KEY (shard, report_id);

ALTER TABLE ONLY line_reports
    ADD CONSTRAINT the_same_report_counts_once UNIQUE (batch_id, content_hash, again);

ALTER TABLE ONLY tier_days
    ADD CONSTRAINT tier_days_pkey PRIMARY KEY (day, campaign_id, offer_id, tier_id, region);

ALTER TABLE ONLY transfers
    ADD CONSTRAINT transfers_pkey PRIMARY KEY (shard, origin_id, transfer_id);

ALTER TABLE ONLY unit_accounts
    ADD CONSTRAINT unit_accounts_pkey PRIMARY KEY (batch_id, unit);

ALTER TABLE ONLY unit_quantities
    ADD CONSTRAINT unit_quantities_pkey PRIMARY KEY (batch_id, unit, status);

ALTER TABLE ONLY units
    ADD CONSTRAINT units_pkey PRIMARY KEY (unit);

ALTER TABLE ONLY unsealed
    ADD CONSTRAINT unsealed_pkey PRIMARY KEY (shard, origin_id, transfer_id);

ALTER TABLE ONLY void_codes
    ADD CONSTRAINT void_codes_pkey PRIMARY KEY (shard, code_id);

ALTER TABLE ONLY watched_dealers
    ADD CONSTRAINT watched_dealers_pkey PRIMARY KEY (dealer);

ALTER TABLE ONLY webhook_cursor
    ADD CONSTRAINT webhook_cursor_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY webhook_endpoints
    ADD CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (endpoint_id);

ALTER TABLE ONLY worker_leases
    ADD CONSTRAINT worker_leases_pkey PRIMARY KEY (lease_no);

ALTER TABLE ONLY wrong_codes
    ADD CONSTRAINT wrong_codes_pkey PRIMARY KEY (token_id);

CREATE UNIQUE INDEX a_hold_is_reopened_once ON ONLY transfers USING btree (shard, origin_id, debit_account, ((kind ~~ 'un%'::text))) WHERE (kind = ANY (ARRAY['unpost'::text, 'unvoid'::text, 'repost'::text, 'revoid'::text]));

CREATE UNIQUE INDEX a_pending_transfer_ends_once ON ONLY transfers USING btree (shard, origin_id, debit_account) INCLUDE (transfer_id) WHERE (kind = ANY (ARRAY['post'::text, 'void'::text]));

CREATE INDEX adjustments_of_member ON adjustments USING btree (member_no, adjustment_id);

CREATE INDEX adjustments_waiting ON adjustments USING btree (adjustment_id) WHERE (state = 'waiting'::text);

CREATE INDEX backtests_of_version ON backtests USING btree (version, backtest_id);

CREATE INDEX balances_by_expiry ON balances USING btree (unit, expires_on, member_no) WHERE (expires_on < 'infinity'::date);

CREATE INDEX balances_in_debt ON balances USING btree (unit, member_no) WHERE (debt > 0);

CREATE INDEX batch_units_in_order ON batch_units USING btree (batch_id, from_index);

CREATE INDEX brand_kits_by_logo ON brand_kits USING btree (logo_digest);

CREATE INDEX brand_kits_by_version ON brand_kits USING btree (version);

CREATE INDEX campaigns_by_version ON campaigns USING btree (version);

CREATE INDEX carton_contents_by_code ON carton_contents USING gist (int8range(first_code_id, last_code_id, '[]'::text));

CREATE INDEX case_actions_of_case ON case_actions USING btree (case_id, action_id);

CREATE INDEX case_entries_of_case ON case_entries USING btree (case_id, entry_id);

CREATE INDEX case_scans_of_case ON case_scans USING btree (case_id, scan_id);

CREATE INDEX case_scans_waiting ON case_scans USING btree (scan_id) WHERE (entry_id IS NULL);

CREATE INDEX cases_by_assignee ON cases USING btree (assignee, due_at) WHERE (assignee IS NOT NULL);

CREATE INDEX cases_by_due ON cases USING btree (is_over, due_at, case_id);

CREATE INDEX cases_by_score ON cases USING btree (is_over, score DESC, case_id DESC);

CREATE INDEX cases_by_worth ON cases USING btree (is_over, worth DESC, case_id DESC);

CREATE INDEX cases_of_subject ON cases USING btree (subject_kind, subject, case_id);

CREATE INDEX cases_that_wait ON cases USING btree (due_at, case_id) WHERE (state = 'waiting'::text);

CREATE INDEX clusters_by_age ON clusters USING btree (computed_at);

CREATE INDEX clusters_of_members ON clusters USING gin (members);

CREATE INDEX code_exports_by_batch ON code_exports USING btree (batch_id);

CREATE INDEX collected_sets_due ON collected_sets USING btree (COALESCE(due_at, completed_at)) WHERE ((completed_at IS NOT NULL) AND (awarded_at IS NULL));

CREATE INDEX collected_sets_of_set ON collected_sets USING btree (set_no, member_no);

CREATE INDEX coupons_of_member ON coupons USING btree (member_no, issued_at);

CREATE INDEX dealer_days_by_dealer ON dealer_days USING btree (dealer, day);

CREATE INDEX deliveries_done ON deliveries USING btree (changed_at) WHERE (state <> 'waiting'::text);

CREATE INDEX deliveries_due ON deliveries USING btree (endpoint_id, next_at, event_id) WHERE (state = 'waiting'::text);

CREATE INDEX deliveries_of_subject ON deliveries USING btree (endpoint_id, subject, event_id) WHERE (state = 'waiting'::text);

CREATE INDEX draw_tickets_of_member ON draw_tickets USING btree (member_no, added_at);

CREATE INDEX draw_winners_of_member ON draw_winners USING btree (member_no, draw_no, place);

CREATE INDEX holds_without_case ON ONLY holds USING btree (transfer_id) WHERE ((resolution IS NULL) AND (reason = 'rules'::text) AND (case_id IS NULL));

CREATE INDEX honey_codes_of_a_batch ON honey_codes USING btree (batch_id, code_id);

CREATE INDEX idempotency_keys_by_age ON ONLY idempotency_keys USING brin (created_at);

CREATE UNIQUE INDEX incidents_by_number ON incidents USING btree (incident_id);

CREATE INDEX incidents_in_order ON incidents USING btree (opened_at DESC, incident_id DESC);

CREATE INDEX incidents_of_codes ON incidents USING btree (first_code_id) WHERE ((first_code_id IS NOT NULL) AND (seen > dismissed));

CREATE INDEX list_entries_changed ON list_entries USING btree (range_version);

CREATE UNIQUE INDEX list_entries_once ON list_entries USING btree (list, kind, value) WHERE (removed_at IS NULL);

CREATE INDEX logistic_event_units_by_unit ON logistic_event_units USING btree (sscc);

CREATE INDEX logistic_events_by_location ON logistic_events USING btree (biz_location, event_no) WHERE (kind = ANY (ARRAY['receiving'::text, 'shipping'::text]));

CREATE INDEX logistic_units_by_pallet ON logistic_units USING btree (pallet_sscc) WHERE (pallet_sscc IS NOT NULL);

CREATE INDEX member_gifts_of_member ON member_gifts USING btree (member_no, transfer_id);

CREATE INDEX member_gifts_waiting ON member_gifts USING btree (state, transfer_id) WHERE (state = ANY (ARRAY['won'::text, 'to_collect'::text, 'to_send'::text]));

CREATE UNIQUE INDEX one_active_case_settings ON case_settings USING btree (state) WHERE (state = 'active'::text);

CREATE UNIQUE INDEX one_active_programme ON programme_versions USING btree (state) WHERE (state = 'active'::text);

CREATE UNIQUE INDEX one_active_version ON campaign_versions USING btree (campaign_no) WHERE (state = 'active'::text);

CREATE UNIQUE INDEX one_case_of_an_attack ON cases USING btree (kind, subject_kind, subject) WHERE collects;

CREATE UNIQUE INDEX one_claim_of_a_member ON member_gifts USING btree (shard, member_no, gift_no) WHERE (origin_id IS NULL);

CREATE UNIQUE INDEX one_count_of_claims ON limits USING btree (per) WHERE (in_force AND (num_nonnulls(campaign_no, pool_no, gift_no, draw_no) = 0));

CREATE UNIQUE INDEX one_entry_of_a_member ON draw_tickets USING btree (shard, draw_no, member_no) WHERE (origin_id IS NULL);

CREATE UNIQUE INDEX one_shadow_at_once ON shadow_runs USING btree (((ended_at IS NULL))) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX one_stretch_of_a_transfer ON draw_tickets USING btree (shard, transfer_id);

CREATE INDEX open_holds ON ONLY holds USING btree (reason, transfer_id) WHERE (resolution IS NULL);

CREATE INDEX package_downloads_by_package ON package_downloads USING btree (package_id);

CREATE INDEX packages_by_batch ON packages USING btree (batch_id);

CREATE INDEX packages_by_printhouse ON packages USING btree (printhouse, package_id) WHERE (printhouse IS NOT NULL);

CREATE INDEX payouts_by_state ON payouts USING btree (state, payout_id);

CREATE INDEX payouts_disputed ON payouts USING btree (payout_id) WHERE disputed;

CREATE INDEX payouts_due ON payouts USING btree (next_at, payout_id) WHERE (next_at IS NOT NULL);

CREATE INDEX payouts_lapsing ON payouts USING btree (lapses_at, payout_id) WHERE (state = 'waiting'::text);

CREATE INDEX payouts_of_member ON payouts USING btree (member_no, payout_id);

CREATE INDEX products_by_version ON products USING btree (version);

CREATE INDEX range_changes_by_batch ON range_changes USING btree (batch_id, change_id);

CREATE INDEX range_changes_voids_by_token ON range_changes USING btree (token_id, at) WHERE ((kind = 'void'::text) AND (changed > 0) AND (token_id IS NOT NULL));

CREATE INDEX ranges_by_batch ON ranges USING btree (batch_id);

CREATE INDEX ranges_by_lot ON ranges USING btree (lot) WHERE (lot IS NOT NULL);

CREATE INDEX ranges_by_version ON ranges USING btree (version);

CREATE INDEX redemptions_of_coupon ON redemptions USING btree (coupon_no);

CREATE INDEX released_claims_by_scan ON released_claims USING btree (scan_id);

CREATE INDEX scan_traces_by_scan ON ONLY scan_traces USING brin (scan_id);

CREATE INDEX scans_of_member ON ONLY scans USING btree (member_no) WHERE (member_no IS NOT NULL);

CREATE INDEX shadow_runs_of_version ON shadow_runs USING btree (version, run);

CREATE INDEX staff_sessions_by_token ON staff_sessions USING btree (token_id);

CREATE INDEX strong_links_by_day ON strong_links USING brin (seen_on);

CREATE INDEX strong_links_of_member ON strong_links USING btree (shard, member_no);

CREATE INDEX tier_days_by_tier ON tier_days USING btree (campaign_id, offer_id, tier_id, region, day);

CREATE INDEX transfers_again ON ONLY transfers USING btree (credit_account, transfer_id) WHERE (kind = ANY (ARRAY['unpost'::text, 'unvoid'::text, 'repost'::text, 'revoid'::text]));

CREATE INDEX transfers_from_member ON ONLY transfers USING btree (debit_account, transfer_id) WHERE (kind = ANY (ARRAY['spend'::text, 'expiry'::text, 'adjustment'::text, 'reversal'::text, 'debt'::text, 'return'::text, 'merge'::text]));

CREATE INDEX transfers_to_member ON ONLY transfers USING btree (credit_account, transfer_id) WHERE (kind = ANY (ARRAY['post'::text, 'void'::text, 'grant'::text, 'spend_return'::text, 'adjustment'::text, 'purchase'::text, 'merge'::text]));

CREATE INDEX void_codes_by_change ON void_codes USING btree (change_id);

CREATE INDEX worker_leases_by_number ON worker_leases USING btree (worker_no, lease_no);

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON code_exports FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON epcis_captures FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON logistic_event_units FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON logistic_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON range_changes FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON rule_set_changes FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON rule_set_commits FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON rule_sets FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER behind_the_fence BEFORE INSERT OR UPDATE ON list_entries FOR EACH ROW EXECUTE FUNCTION raise_range_version();

CREATE TRIGGER behind_the_fence BEFORE INSERT OR UPDATE ON rule_set_slots FOR EACH ROW EXECUTE FUNCTION raise_range_version();

CREATE TRIGGER entries_stay BEFORE DELETE OR TRUNCATE ON list_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER slots_stay BEFORE DELETE OR TRUNCATE ON rule_set_slots FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

ALTER TABLE ONLY awaiting_shipment
    ADD CONSTRAINT awaiting_shipment_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(batch_id);

ALTER TABLE ONLY backtests
    ADD CONSTRAINT backtest_beside_a_rule_set FOREIGN KEY (live_version) REFERENCES rule_sets(version);

ALTER TABLE ONLY backtests
    ADD CONSTRAINT backtest_of_a_rule_set FOREIGN KEY (version) REFERENCES rule_sets(version);

ALTER TABLE ONLY batch_units
    ADD CONSTRAINT batch_units_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(batch_id);

ALTER TABLE ONLY batches
    ADD CONSTRAINT batches_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaigns(campaign_id);

ALTER TABLE ONLY batches
    ADD CONSTRAINT batches_epoch_fkey FOREIGN KEY (epoch) REFERENCES epochs(epoch);

ALTER TABLE ONLY batches
    ADD CONSTRAINT batches_gtin_fkey FOREIGN KEY (gtin) REFERENCES products(gtin);

ALTER TABLE ONLY captured_events
    ADD CONSTRAINT captured_events_capture_id_fkey FOREIGN KEY (capture_id) REFERENCES epcis_captures(capture_id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY cards
    ADD CONSTRAINT card_is_a_unit FOREIGN KEY (unit) REFERENCES units(unit);

ALTER TABLE ONLY cards
    ADD CONSTRAINT card_of_a_set FOREIGN KEY (set_no) REFERENCES card_sets(set_no);

ALTER TABLE ONLY carton_contents
    ADD CONSTRAINT carton_contents_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(batch_id);

ALTER TABLE ONLY carton_contents
    ADD CONSTRAINT carton_contents_sscc_fkey FOREIGN KEY (sscc) REFERENCES logistic_units(sscc);

ALTER TABLE ONLY case_actions
    ADD CONSTRAINT case_action_of_a_case FOREIGN KEY (case_id) REFERENCES cases(case_id);

ALTER TABLE ONLY case_entries
    ADD CONSTRAINT case_entry_of_a_case FOREIGN KEY (case_id) REFERENCES cases(case_id);

ALTER TABLE ONLY case_scans
    ADD CONSTRAINT case_scan_of_a_case FOREIGN KEY (case_id) REFERENCES cases(case_id);

ALTER TABLE ONLY rule_set_changes
    ADD CONSTRAINT change_after FOREIGN KEY (after) REFERENCES rule_set_commits(version);

ALTER TABLE ONLY rule_set_changes
    ADD CONSTRAINT change_below FOREIGN KEY (below) REFERENCES rule_set_changes(change_id);

ALTER TABLE ONLY draw_claims
    ADD CONSTRAINT claim_of_a_winner FOREIGN KEY (draw_no, place) REFERENCES draw_winners(draw_no, place);

ALTER TABLE ONLY code_exports
    ADD CONSTRAINT code_exports_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(batch_id);

ALTER TABLE ONLY code_statuses
    ADD CONSTRAINT code_statuses_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(batch_id);

ALTER TABLE ONLY rule_set_commits
    ADD CONSTRAINT commit_of_a_rule_set FOREIGN KEY (version) REFERENCES rule_sets(version);

ALTER TABLE ONLY draw_counters
    ADD CONSTRAINT counter_of_a_draw FOREIGN KEY (draw_no) REFERENCES draws(draw_no);

ALTER TABLE ONLY deliveries
    ADD CONSTRAINT deliveries_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoints(endpoint_id);

ALTER TABLE ONLY limits
    ADD CONSTRAINT limits_of_a_campaign FOREIGN KEY (campaign_no) REFERENCES campaigns(campaign_no);

ALTER TABLE ONLY limits
    ADD CONSTRAINT limits_of_a_draw FOREIGN KEY (draw_no) REFERENCES draws(draw_no);

ALTER TABLE ONLY limits
    ADD CONSTRAINT limits_of_a_gift FOREIGN KEY (gift_no) REFERENCES gifts(gift_no);

ALTER TABLE ONLY limits
    ADD CONSTRAINT limits_of_a_pool FOREIGN KEY (pool_no) REFERENCES coupon_pools(pool_no);

ALTER TABLE ONLY line_counts
    ADD CONSTRAINT line_counts_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(batch_id);

ALTER TABLE ONLY line_report_blocks
    ADD CONSTRAINT line_report_blocks_report_id_fkey FOREIGN KEY (report_id) REFERENCES line_reports(report_id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY line_report_tallies
    ADD CONSTRAINT line_report_tallies_report_id_fkey FOREIGN KEY (report_id) REFERENCES line_reports(report_id);

ALTER TABLE ONLY line_reports
    ADD CONSTRAINT line_reports_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(batch_id);

ALTER TABLE ONLY logistic_event_units
    ADD CONSTRAINT logistic_event_units_event_id_fkey FOREIGN KEY (event_id) REFERENCES logistic_events(event_id);

ALTER TABLE ONLY logistic_event_units
    ADD CONSTRAINT logistic_event_units_pallet_sscc_fkey FOREIGN KEY (pallet_sscc) REFERENCES logistic_units(sscc);

ALTER TABLE ONLY logistic_event_units
    ADD CONSTRAINT logistic_event_units_sscc_fkey FOREIGN KEY (sscc) REFERENCES logistic_units(sscc);

ALTER TABLE ONLY logistic_units
    ADD CONSTRAINT logistic_units_pallet_sscc_fkey FOREIGN KEY (pallet_sscc) REFERENCES logistic_units(sscc);

ALTER TABLE ONLY offers
    ADD CONSTRAINT offer_of_a_campaign FOREIGN KEY (campaign_no) REFERENCES campaigns(campaign_no);

ALTER TABLE ONLY shadow_outcomes
    ADD CONSTRAINT outcomes_of_a_run FOREIGN KEY (run) REFERENCES shadow_runs(run);

ALTER TABLE ONLY package_downloads
    ADD CONSTRAINT package_downloads_package_id_fkey FOREIGN KEY (package_id) REFERENCES packages(package_id);

ALTER TABLE ONLY packages
    ADD CONSTRAINT packages_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(batch_id);

ALTER TABLE ONLY draw_publications
    ADD CONSTRAINT part_of_a_draw FOREIGN KEY (draw_no) REFERENCES draws(draw_no);

ALTER TABLE ONLY draw_prizes
    ADD CONSTRAINT prize_of_a_draw FOREIGN KEY (draw_no) REFERENCES draws(draw_no);

ALTER TABLE ONLY range_changes
    ADD CONSTRAINT range_changes_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(batch_id);

ALTER TABLE ONLY ranges
    ADD CONSTRAINT ranges_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(batch_id);

ALTER TABLE ONLY ranges
    ADD CONSTRAINT ranges_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaigns(campaign_id);

ALTER TABLE ONLY ranges
    ADD CONSTRAINT ranges_change_id_fkey FOREIGN KEY (change_id) REFERENCES range_changes(change_id);

ALTER TABLE ONLY ranges
    ADD CONSTRAINT ranges_gtin_fkey FOREIGN KEY (gtin) REFERENCES products(gtin);

ALTER TABLE ONLY shadow_rules
    ADD CONSTRAINT rules_of_a_run FOREIGN KEY (run) REFERENCES shadow_runs(run);

ALTER TABLE ONLY shadow_runs
    ADD CONSTRAINT run_by_a_change FOREIGN KEY (run) REFERENCES rule_set_changes(change_id);

ALTER TABLE ONLY shadow_runs
    ADD CONSTRAINT run_of_a_committed FOREIGN KEY (version) REFERENCES rule_set_commits(version);

ALTER TABLE ONLY sample_batches
    ADD CONSTRAINT sample_batches_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(batch_id);

ALTER TABLE ONLY sample_batches
    ADD CONSTRAINT sample_batches_epoch_fkey FOREIGN KEY (epoch) REFERENCES epochs(epoch);

ALTER TABLE ONLY rule_set_slots
    ADD CONSTRAINT slot_by_a_change FOREIGN KEY (change_id) REFERENCES rule_set_changes(change_id);

ALTER TABLE ONLY rule_set_slots
    ADD CONSTRAINT slot_of_a_committed FOREIGN KEY (version) REFERENCES rule_set_commits(version);

ALTER TABLE ONLY staff_sessions
    ADD CONSTRAINT staff_sessions_token_id_fkey FOREIGN KEY (token_id) REFERENCES staff_tokens(token_id);

ALTER TABLE ONLY unit_accounts
    ADD CONSTRAINT unit_accounts_batch_id_unit_fkey FOREIGN KEY (batch_id, unit) REFERENCES batch_units(batch_id, name);

ALTER TABLE ONLY unit_quantities
    ADD CONSTRAINT unit_quantities_batch_id_unit_fkey FOREIGN KEY (batch_id, unit) REFERENCES batch_units(batch_id, name);

ALTER TABLE ONLY campaign_versions
    ADD CONSTRAINT version_of_a_campaign FOREIGN KEY (campaign_no) REFERENCES campaigns(campaign_no);

ALTER TABLE ONLY draw_winners
    ADD CONSTRAINT winner_of_a_draw FOREIGN KEY (draw_no) REFERENCES draws(draw_no);

ALTER TABLE ONLY wrong_codes
    ADD CONSTRAINT wrong_codes_token_id_fkey FOREIGN KEY (token_id) REFERENCES staff_tokens(token_id);
