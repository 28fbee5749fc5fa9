-- codegen: a new programme makes plans stale, as a new campaign does.
CREATE OR REPLACE FUNCTION is_stale(in_version bigint, in_code_ids bigint[])
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN current_range_version() <> in_version AND (
        EXISTS (SELECT FROM epochs WHERE version > in_version)
        OR EXISTS (SELECT FROM products WHERE version > in_version)
        OR EXISTS (SELECT FROM campaigns WHERE version > in_version)
        OR EXISTS (SELECT FROM programme_versions WHERE range_version > in_version)
        OR EXISTS (SELECT FROM rule_sets WHERE range_version > in_version)
        OR EXISTS (
            SELECT FROM unnest(in_code_ids) AS c
            CROSS JOIN LATERAL (
                SELECT r.version FROM ranges AS r WHERE r.first_code_id <= c
                ORDER BY r.first_code_id DESC LIMIT 1) AS r
            WHERE r.version > in_version));
END $$;

-- rewards -----------------------------------------------------------------------------

-- What a transfer does to lots of members: the one definition, for whoever posts, audits
-- and rebuilds. 0 is the house's account; whoever owes has another, of the number below
-- zero.
CREATE FUNCTION effects_of(
    in_kind text, in_debit bigint, in_credit bigint, in_expires date, in_amount bigint
) RETURNS TABLE (member_no bigint, expires_on date, available bigint, pending bigint,
    debt bigint)
LANGUAGE sql IMMUTABLE AS $$
    SELECT in_credit, in_expires, in_amount, 0::bigint, 0::bigint
    WHERE in_kind IN ('posted', 'post', 'grant', 'spend_return', 'purchase', 'merge')
        OR in_kind = 'adjustment' AND in_credit > 0
    UNION ALL SELECT in_credit, 'infinity'::date, 0::bigint,
        CASE in_kind WHEN 'pending' THEN in_amount ELSE -in_amount END, 0::bigint
    WHERE in_kind IN ('pending', 'post', 'void')
    UNION ALL SELECT in_debit, in_expires, -in_amount, 0::bigint, 0::bigint
    WHERE in_kind IN ('spend', 'expiry', 'reversal', 'return', 'repayment', 'merge')
        OR in_kind = 'adjustment' AND in_debit > 0
    UNION ALL SELECT -in_debit, 'infinity'::date, 0::bigint, 0::bigint, in_amount
    WHERE in_kind = 'debt'
    UNION ALL SELECT -in_credit, 'infinity'::date, 0::bigint, 0::bigint, -in_amount
    WHERE in_kind = 'repayment'
$$;

-- Adds to lots, and makes those that are missing: `in_expires` counts days from 1970,
-- null for what never expires, where alone there is anything pending or owed. Locks in
-- one order on every path: by unit, then lot, then member, so that rows alike, which all
-- those of a batch mostly are, take one statement.
CREATE FUNCTION add_to_lots(
    in_shard smallint, in_members bigint[], in_units integer[], in_expires integer[],
    in_ready bigint[], in_later bigint[], in_debts bigint[]
) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
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

-- The same for one lot of which some rows are missing. What takes away finds its row.
CREATE FUNCTION make_lots(
    in_shard smallint, in_unit integer, in_day date, in_members bigint[],
    in_ready bigint[], in_later bigint[], in_debts bigint[]
) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
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

-- What scans of a batch earned, into lots; what is held waits. Day 0 of `in_expires` is
-- for ever too.
CREATE FUNCTION add_rewards(
    in_shard smallint, in_members bigint[], in_outcomes text[],
    in_reward_scans integer[], in_chosen boolean[], in_units integer[],
    in_amounts bigint[], in_expires integer[]
) RETURNS void LANGUAGE plpgsql AS $$
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

-- The name of it for workers of before, who knew no lots.
CREATE OR REPLACE FUNCTION add_to_balances(
    in_shard smallint, in_members bigint[], in_outcomes text[],
    in_reward_scans integer[], in_chosen boolean[], in_units integer[],
    in_amounts bigint[]
) RETURNS void LANGUAGE sql
RETURN add_rewards(in_shard, in_members, in_outcomes, in_reward_scans, in_chosen,
    in_units, in_amounts, array_fill(NULL::integer, ARRAY[cardinality(in_units)]));

-- Names transfers that this transaction posts, to whoever seals what was committed.
CREATE FUNCTION note_unsealed(
    in_shard smallint, in_origins bigint[], in_transfers bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unsealed (shard, origin_id, transfer_id, origins, transfers)
    VALUES (in_shard, in_origins[1], in_transfers[1], in_origins, in_transfers);
END $$;

-- Writes transfers and changes the lots that they are of. Raises a unique violation for
-- what was posted before, and a check violation where a lot has too little.
CREATE FUNCTION post_transfers(
    in_shard smallint, in_origins bigint[], in_transfers bigint[], in_kinds text[],
    in_debits bigint[], in_credits bigint[], in_units integer[], in_expires integer[],
    in_amounts bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
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

-- Posts what was chosen; `availables` are what members have by then: lots that are good
-- on the day of the scan, less what they owe.
CREATE OR REPLACE FUNCTION post_rewards(
    in_shard smallint, in_days integer[], in_code_ids bigint[], in_members bigint[],
    in_live boolean[], in_outcomes text[], in_reasons text[], in_reward_scans integer[],
    in_chosen boolean[], in_transfers bigint[], in_campaigns bigint[],
    in_units integer[], in_amounts bigint[], in_limit_rewards integer[],
    in_limit_rows integer[], in_limit_nos integer[], OUT points bigint[],
    OUT campaigns bigint[], OUT availables bigint[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
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

-- The same as it was, and what it posts is named to be sealed.
CREATE OR REPLACE FUNCTION end_payouts(
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
    IF unpaid.transfers IS NOT NULL THEN
        PERFORM note_unsealed(in_shard, ARRAY(SELECT p.origin_id
            FROM unnest(unpaid.ids) WITH ORDINALITY AS u (id, i)
            CROSS JOIN LATERAL (SELECT origin_id FROM payouts
                WHERE shard = in_shard AND payout_id = u.id OFFSET 0) AS p
            ORDER BY u.i), unpaid.transfers);
    END IF;
    PERFORM give_back_of_payouts(in_shard, false, unpaid.ids, unpaid.days);
    PERFORM tell_payouts(in_shard, ended);
    RETURN ended;
END $$;

-- The same for workers of now, each reward of its lot.
CREATE FUNCTION post_rewards_3(
    in_shard smallint, in_days integer[], in_scan_ids bigint[], in_code_ids bigint[],
    in_members bigint[], in_live boolean[], in_outcomes text[], in_reasons text[],
    in_reward_scans integer[], in_chosen boolean[], in_transfers bigint[],
    in_campaigns bigint[], in_offers bigint[], in_units integer[], in_amounts bigint[],
    in_expires integer[], OUT points bigint[], OUT others integer[],
    OUT campaigns bigint[], OUT availables bigint[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
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

-- The same as it was, with lots.
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
        PERFORM add_kinds(in_shard, in_scan_ids, in_members, outcomes, in_reward_scans, chosen,
            in_transfers, in_kinds, in_refs, in_froms, in_untils);
    END IF;
END $$;

DROP FUNCTION post_rewards_2(
    smallint, integer[], bigint[], bigint[], bigint[], boolean[], text[], text[],
    integer[], boolean[], bigint[], bigint[], bigint[], integer[], bigint[]
);
