-- Steps of 0028 and 0029 that cost less to do: what is there is updated, and what is not
-- is inserted, each as if nobody else were at work, and only who meets somebody pays for
-- that. `ON CONFLICT` pays always: DO UPDATE locks each row before it writes it, and DO
-- NOTHING confirms each row after it has, each with a record of its own in the log.
--
-- An entry that has begun goes on with these. Their arguments are as they were.

-- core.auth ---------------------------------------------------------------------------

-- A key that another scan owns is answered with its answer; the insert waits for an
-- owner that is still at work. `live` are the scans that are not answered so. Keys that
-- are all new, as nearly all are, need not be looked up.
CREATE OR REPLACE FUNCTION take_keys(
    in_shard smallint, in_scan_ids bigint[], in_keys bytea[], in_bodies bytea[],
    OUT live boolean[], OUT replays bytea[], OUT replay_bodies bytea[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
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

-- scan_api ----------------------------------------------------------------------------

-- Each code to the first who asks, in the order of codes. `won` are the scans that
-- claim theirs. Raises CC004 when a code that the filter called claimed is not: its scan
-- was never judged, and a bit without a claim (a restored backup, a failover) must not
-- let it past the rules. Raises unique_violation when a scan has claimed its code already:
-- an attempt whose answer was lost had won, and what it did is read back, not done again.
CREATE OR REPLACE FUNCTION claim_codes(
    in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[],
    in_claims boolean[], in_live boolean[], in_planned text[],
    INOUT outcomes text[], OUT won boolean[],
    OUT claim_scans bigint[], OUT claim_owners bigint[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
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
        IF in_planned[i] = 'already_claimed' AND outcomes[i] = in_planned[i]
            AND claim_scans[i] IS NULL AND in_live[i] THEN
            RAISE EXCEPTION 'a code that is not claimed was called so'
                USING ERRCODE = 'CC004';
        END IF;
    END LOOP;
END $$;

-- Claims what nobody has claimed; gives the scans that did. Somebody who claims the same
-- code at the same moment is waited for by the second try.
CREATE FUNCTION insert_claims(
    in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[],
    in_claims boolean[], in_live boolean[], in_outcomes text[], OUT made bigint[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    firsts integer[];
BEGIN
    made := '{}';
    IF NOT true = ANY (in_claims) THEN
        RETURN;
    END IF;
    SELECT array_agg(i ORDER BY c, i) INTO firsts FROM (
        SELECT DISTINCT ON (c) c, i::integer
        FROM unnest(in_code_ids, in_claims, in_live, in_outcomes)
            WITH ORDINALITY AS u (c, claims, live, outcome, i)
        WHERE claims AND live AND outcome <> 'not_active' AND (
            SELECT true FROM claims WHERE shard = in_shard AND code_id = c) IS NULL
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

-- How often a code was seen: all scans but the one that claimed it. What equals a scan
-- of a few minutes ago is that scan, and neither counted nor kept; `repeats` says which.
-- What equals one that is written down already is found without a lock, and writes
-- nothing. The first scan of a code that nobody saw is all that most codes ever have.
CREATE OR REPLACE FUNCTION count_sightings(
    in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[],
    in_networks inet[], in_devices bytea[], in_outcomes text[], in_claim_scans bigint[],
    in_live boolean[], in_won boolean[], OUT repeats bigint[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
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

-- rewards -----------------------------------------------------------------------------

-- Takes from each row once what the chosen rewards need of it: from the rows of members,
-- or from those of everybody, whose locks come last. Raises CC005 when somebody else
-- has taken the room meanwhile.
--
-- Rows of one limit and period that are all there are found in the order of their
-- holders, which is that of their locks.
CREATE OR REPLACE FUNCTION take_limits(
    in_shard smallint, in_of_members boolean, in_needs bigint[], in_limit_nos integer[],
    in_holders bigint[], in_periods integer[], in_mosts bigint[]
) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    wanted record;
    taken  integer;
BEGIN
    SELECT count(*) AS rows_, min(limit_no) AS limit_no, min(most) AS most,
        date 'epoch' + min(period) AS period, array_agg(holder) AS holders,
        array_agg(need) AS needs,
        (min(limit_no), min(period)) = (max(limit_no), max(period)) AS alike
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

-- Adds to what members have, or will have once a review has ended. Accounts of one unit
-- that are all there are found in the order of their members, as they are locked.
CREATE OR REPLACE FUNCTION add_to_balances(
    in_shard smallint, in_members bigint[], in_outcomes text[], in_reward_scans integer[],
    in_chosen boolean[], in_units integer[], in_amounts bigint[]
) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    gains   record;
    updated integer;
BEGIN
    SELECT count(*) AS rows_, array_agg(m) AS members, array_agg(unit) AS units,
        array_agg(ready) AS ready, array_agg(later) AS later,
        min(unit) AS unit, min(unit) = max(unit) AS alike
    INTO gains
    FROM (
        SELECT in_members[s] AS m, unit,
            sum(CASE in_outcomes[s] WHEN 'held' THEN 0 ELSE a END)::bigint AS ready,
            sum(CASE in_outcomes[s] WHEN 'held' THEN a ELSE 0 END)::bigint AS later
        FROM unnest(in_reward_scans, in_chosen, in_units, in_amounts)
            AS u (s, chosen, unit, a)
        WHERE chosen GROUP BY 1, 2 ORDER BY 1, 2) AS u;
    IF gains.rows_ = 0 THEN
        RETURN;
    END IF;
    IF gains.alike AND gains.rows_ = (SELECT count(*) FROM balances
        WHERE shard = in_shard AND member_no = ANY (gains.members)
            AND unit = gains.unit) THEN
        UPDATE balances AS b SET
            available = b.available
                + gains.ready[array_position(gains.members, b.member_no)],
            pending = b.pending
                + gains.later[array_position(gains.members, b.member_no)]
        WHERE b.shard = in_shard AND b.member_no = ANY (gains.members)
            AND b.unit = gains.unit;
        GET DIAGNOSTICS updated = ROW_COUNT;
        IF updated < gains.rows_ THEN
            RAISE EXCEPTION 'a balance went meanwhile' USING ERRCODE = 'CC005';
        END IF;
        RETURN;
    END IF;
    INSERT INTO balances AS b (shard, member_no, unit, available, pending)
    SELECT in_shard, m, unit, ready, later
    FROM unnest(gains.members, gains.units, gains.ready, gains.later)
        AS u (m, unit, ready, later)
    ON CONFLICT (shard, member_no, unit) DO UPDATE SET
        available = b.available + excluded.available,
        pending = b.pending + excluded.pending;
END $$;
