-- One genuine code scanned again and again by one member, device or network, with the
-- same outcome, is one scan for some minutes: it is counted and kept once. A code's row of
-- `sightings` says which scans were the latest, so that two workers agree under its lock,
-- and no history is searched.
--
-- A tag is a hash of who scanned and what came of it. That of a device or network has 16
-- bits, which tell equal from other well enough, and name nobody: 65,536 addresses share
-- one. `recent_scans` has as many entries: the scan of each tag, whose id tells its time.
ALTER TABLE sightings
    ADD COLUMN recent_tags integer[] NOT NULL DEFAULT '{}',
    ADD COLUMN recent_scans bigint[] NOT NULL DEFAULT '{}';

-- Who scans, as tags: a member, else a device and a network (a /64 of IPv6), else nobody.
CREATE FUNCTION scan_tags(
    in_member bigint, in_network inet, in_device bytea, in_outcome text, in_claim bigint
) RETURNS integer[] IMMUTABLE LANGUAGE sql RETURN CASE
    WHEN in_member <> 0
        THEN ARRAY[hashtext('m' || in_member::text || in_outcome || coalesce(in_claim, 0)::text)]
    WHEN in_network IS NULL AND in_device = ''
        THEN ARRAY[hashtext('x' || in_outcome || coalesce(in_claim, 0)::text) & 65535]
    ELSE array_remove(ARRAY[
        CASE WHEN in_device <> '' THEN hashtext('d' || encode(in_device, 'hex')
            || in_outcome || coalesce(in_claim, 0)::text) & 65535 END,
        hashtext('n' || host(network(set_masklen(in_network,
            CASE family(in_network) WHEN 4 THEN 32 ELSE 64 END)))
            || in_outcome || coalesce(in_claim, 0)::text) & 65535], NULL)
    END;

-- The latest other scan with one of these tags, at most ten minutes away; NULL without
-- any. One that is committed again has won already, as its own row says.
CREATE FUNCTION find_repeated(
    in_tags integer[], in_scan bigint, in_recent_tags integer[], in_recent_scans bigint[]
) RETURNS bigint IMMUTABLE LANGUAGE sql RETURN (
    SELECT max(scan) FROM unnest(in_recent_tags, in_recent_scans) AS e (tag, scan)
    WHERE tag = ANY (in_tags) AND scan <> in_scan AND abs((scan >> 22) - (in_scan >> 22)) < 600000);

-- It answers one thing more than before.
DROP FUNCTION commit_scans(
    bigint, date, bigint[], bigint[], bigint[], text[], boolean[], integer[], bigint[],
    text[], bytea[], inet[], bytea[], bigint[], bytea[], bytea[]);

-- The hot statement: one batch of decided scans becomes durable, an outcome each.
--
-- Scans come as parallel arrays. `planned` is what the worker decided on; only this
-- function may permit it. A scan with `claims` true asks for its code and, with points,
-- for a reward; a batch names each member at most once among those.
--
-- Locks are taken in one order on every path: shared fence, idempotency keys, claims by
-- code_id, daily earnings by member_no, sightings by code_id, balances by member_no,
-- budgets by campaign_no.
--
-- Raises CC001 when what the batch was decided on is stale, CC002 when it must be split,
-- CC004 when a code that the filter called claimed is not, so that its scan was never
-- judged, and unique_violation on scans when this very batch was committed before.
CREATE FUNCTION commit_scans(
    in_version    bigint,
    in_day        date,
    in_scan_ids   bigint[],
    in_code_ids   bigint[],
    in_members    bigint[],   -- 0: nobody signed in
    in_planned    text[],
    in_claims     boolean[],
    in_points     integer[],
    in_campaigns  bigint[],   -- 0: none
    in_reasons    text[],     -- why held, else ''
    in_facts      bytea[],
    in_networks   inet[],
    in_devices    bytea[],
    in_cells      bigint[],
    in_keys       bytea[],    -- '' where no idempotency key was sent
    in_bodies     bytea[],
    OUT outcomes     text[],
    OUT credited     integer[],
    OUT availables   bigint[],
    OUT claim_scans  bigint[],
    OUT claim_owners bigint[],
    OUT scan_counts  bigint[],
    OUT originals    integer[],  -- what the caller's own earlier claim earned
    OUT waits        boolean[],  -- whether that still waits for a review
    OUT replays      bytea[],
    OUT replay_bodies bytea[],
    OUT repeats      bigint[]    -- the scan that this one repeats, and which is kept
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    n        integer := cardinality(in_scan_ids);
    live     boolean[];
    spend    record;
    row_     record;
    left_    bigint;
    seen_    sightings%ROWTYPE;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(4343, 1);
    IF is_stale(in_version, in_code_ids) THEN
        RAISE EXCEPTION 'the range table changed' USING ERRCODE = 'CC001';
    END IF;

    outcomes := in_planned;
    credited := array_fill(0, ARRAY[n]);
    availables := array_fill(NULL::bigint, ARRAY[n]);
    claim_scans := availables;
    claim_owners := availables;
    scan_counts := availables;
    originals := credited;
    waits := array_fill(false, ARRAY[n]);
    replays := array_fill(NULL::bytea, ARRAY[n]);
    replay_bodies := replays;
    live := array_fill(true, ARRAY[n]);
    repeats := availables;

    -- Idempotency keys. A key that another scan owns is answered with its answer; the
    -- insert waits for an owner that is still at work.
    IF EXISTS (SELECT FROM unnest(in_keys) AS k WHERE k <> '') THEN
        INSERT INTO idempotency_keys (shard, key_hash, body_hash, owner, created_at)
        SELECT 0, k, b, s, now()
        FROM unnest(in_keys, in_bodies, in_scan_ids) AS u (k, b, s)
        WHERE k <> '' ORDER BY k
        ON CONFLICT (shard, key_hash) DO NOTHING;
        FOR row_ IN
            SELECT u.i, k.response, k.body_hash
            FROM unnest(in_keys, in_scan_ids) WITH ORDINALITY AS u (k, s, i)
            JOIN idempotency_keys AS k ON k.shard = 0 AND k.key_hash = u.k
            WHERE k.owner <> u.s
        LOOP
            live[row_.i] := false;
            replays[row_.i] := row_.response;
            replay_bodies[row_.i] := row_.body_hash;
        END LOOP;
    END IF;

    -- Voids, which only PostgreSQL knows for sure.
    FOR row_ IN
        SELECT u.i FROM unnest(in_code_ids) WITH ORDINALITY AS u (c, i)
        JOIN void_codes AS v ON v.code_id = u.c
    LOOP
        outcomes[row_.i] := 'not_active';
    END LOOP;

    -- What was claimed after a backup that was restored has been answered, and paid
    -- perhaps: whoever claims it now waits for a person (crowncap.recovery).
    FOR row_ IN
        SELECT u.i FROM unnest(in_code_ids) WITH ORDINALITY AS u (c, i)
        JOIN forgotten_claims AS f ON f.code_id = u.c
        WHERE outcomes[u.i] = 'rewarded'
    LOOP
        outcomes[row_.i] := 'held';
        in_reasons[row_.i] := 'rules';
    END LOOP;

    -- Claims.
    INSERT INTO claims (code_id, scan_id, member_no)
    SELECT c, s, m
    FROM unnest(in_code_ids, in_scan_ids, in_members, in_claims, outcomes, live)
        AS u (c, s, m, claims, outcome, live)
    WHERE claims AND live AND outcome <> 'not_active'
    ORDER BY c
    ON CONFLICT (code_id) DO NOTHING;

    FOR row_ IN
        SELECT u.i, u.s, u.m, u.outcome, k.scan_id AS claimed_by, k.member_no AS owner
        FROM unnest(in_code_ids, in_scan_ids, in_members, outcomes, live)
            WITH ORDINALITY AS u (c, s, m, outcome, live, i)
        JOIN claims AS k ON k.code_id = u.c
        WHERE u.live
    LOOP
        IF row_.claimed_by = row_.s AND row_.owner = row_.m AND in_claims[row_.i] THEN
            credited[row_.i] := in_points[row_.i];
        ELSIF row_.outcome NOT IN ('not_active', 'recalled') THEN
            outcomes[row_.i] := 'already_claimed';
            claim_scans[row_.i] := row_.claimed_by;
            claim_owners[row_.i] := row_.owner;
        END IF;
    END LOOP;

    -- What the filter calls claimed is not judged. A bit without a claim (a restored
    -- backup, a failover) must not let a scan past the rules.
    IF EXISTS (
        SELECT FROM unnest(in_planned, outcomes, claim_scans, live)
            AS u (planned, outcome, claim, live)
        WHERE planned = 'already_claimed' AND outcome = planned AND live
            AND claim IS NULL
    ) THEN
        RAISE EXCEPTION 'a code that is not claimed was called so'
            USING ERRCODE = 'CC004';
    END IF;

    -- The member's daily cap. Who is over it gives the claim back.
    FOR row_ IN
        WITH wanted AS (
            SELECT u.i, u.m, u.g, u.p, c.daily_cap
            FROM unnest(in_members, in_campaigns, credited)
                WITH ORDINALITY AS u (m, g, p, i)
            JOIN campaigns AS c ON c.campaign_no = u.g
            WHERE u.p > 0 AND c.daily_cap IS NOT NULL
        ), earned AS (
            INSERT INTO daily_earnings AS d (member_no, campaign_no, day, earned)
            SELECT m, g, in_day, p FROM wanted WHERE p <= daily_cap ORDER BY m, g
            ON CONFLICT (member_no, campaign_no) DO UPDATE SET
                day = greatest(d.day, excluded.day),
                earned = excluded.earned
                    + CASE WHEN d.day >= excluded.day THEN d.earned ELSE 0 END
            WHERE excluded.earned
                + CASE WHEN d.day >= excluded.day THEN d.earned ELSE 0 END
                <= (SELECT daily_cap FROM campaigns WHERE campaign_no = d.campaign_no)
            RETURNING member_no
        )
        SELECT i FROM wanted WHERE m NOT IN (SELECT member_no FROM earned)
    LOOP
        IF (SELECT count(*) FROM unnest(in_code_ids) AS c
            WHERE c = in_code_ids[row_.i]) > 1 THEN
            RAISE EXCEPTION 'a claim given back was seen by another scan of the batch'
                USING ERRCODE = 'CC002';
        END IF;
        outcomes[row_.i] := 'limit_reached';
        credited[row_.i] := 0;
        DELETE FROM claims WHERE code_id = in_code_ids[row_.i];
    END LOOP;

    -- How often a code was seen: all scans but the one that claimed it. What equals a
    -- scan of a few minutes ago is that scan, and neither counted nor kept. The first
    -- scan of a code that nobody saw is all that most codes ever have.
    FOR row_ IN
        WITH looks AS (
            SELECT i, c, s, scan_tags(m, w, d, outcome, claim) AS tags
            FROM unnest(in_code_ids, in_scan_ids, in_members, in_networks, in_devices,
                outcomes, claim_scans, live)
                WITH ORDINALITY AS u (c, s, m, w, d, outcome, claim, live, i)
            WHERE live AND NOT EXISTS (
                SELECT FROM claims WHERE claims.code_id = u.c AND claims.scan_id = u.s)
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
        SELECT * INTO seen_ FROM sightings WHERE code_id = row_.c FOR UPDATE;
        repeats[row_.i] := find_repeated(
            row_.tags, row_.s, seen_.recent_tags, seen_.recent_scans);
        CONTINUE WHEN repeats[row_.i] IS NOT NULL;
        UPDATE sightings SET
            scans = scans + 1,
            recent_tags = (row_.tags || recent_tags)[1:8],
            recent_scans = (array_fill(row_.s, ARRAY[cardinality(row_.tags)])
                || recent_scans)[1:8]
        WHERE code_id = row_.c;
    END LOOP;

    -- Balances.
    INSERT INTO balances AS b (member_no, available, pending)
    SELECT m, CASE outcome WHEN 'held' THEN 0 ELSE p END,
        CASE outcome WHEN 'held' THEN p ELSE 0 END
    FROM unnest(in_members, credited, outcomes) AS u (m, p, outcome)
    WHERE p > 0 ORDER BY m
    ON CONFLICT (member_no) DO UPDATE SET
        available = b.available + excluded.available,
        pending = b.pending + excluded.pending;

    -- Budgets, last and in one order. A scan that no longer fits is claimed unpaid.
    FOR spend IN
        SELECT g AS campaign_no, sum(p) AS total
        FROM unnest(in_campaigns, credited) AS u (g, p)
        WHERE p > 0 GROUP BY g ORDER BY g
    LOOP
        UPDATE campaign_budgets SET spent = spent + spend.total
        WHERE campaign_no = spend.campaign_no
            AND (budget IS NULL OR spent + spend.total <= budget);
        CONTINUE WHEN FOUND;
        SELECT budget - spent INTO left_ FROM campaign_budgets
            WHERE campaign_no = spend.campaign_no FOR UPDATE;
        FOR i IN 1 .. n LOOP
            CONTINUE WHEN credited[i] = 0 OR in_campaigns[i] <> spend.campaign_no;
            IF credited[i] <= left_ THEN
                left_ := left_ - credited[i];
                CONTINUE;
            END IF;
            UPDATE balances SET
                available = available
                    - CASE outcomes[i] WHEN 'held' THEN 0 ELSE credited[i] END,
                pending = pending
                    - CASE outcomes[i] WHEN 'held' THEN credited[i] ELSE 0 END
            WHERE member_no = in_members[i];
            UPDATE daily_earnings SET earned = earned - credited[i]
            WHERE member_no = in_members[i] AND campaign_no = in_campaigns[i];
            outcomes[i] := 'no_reward';
            credited[i] := 0;
        END LOOP;
        UPDATE campaign_budgets SET spent = budget - left_
        WHERE campaign_no = spend.campaign_no;
    END LOOP;

    -- What remains is written down.
    INSERT INTO transfers (shard, origin_id, transfer_id, kind, debit_account,
        credit_account, amount)
    SELECT 0, s, s, CASE outcome WHEN 'held' THEN 'pending' ELSE 'posted' END, g, m, p
    FROM unnest(in_scan_ids, outcomes, in_campaigns, in_members, credited)
        AS u (s, outcome, g, m, p)
    WHERE p > 0;

    IF 'already_claimed' = ANY (outcomes) THEN
        FOR row_ IN
            SELECT u.i, h.transfer_id IS NOT NULL AND h.resolution IS NULL AS waits,
                CASE h.resolution WHEN 'voided' THEN 0 ELSE s.points END AS points
            FROM unnest(claim_scans, claim_owners, in_members) WITH ORDINALITY
                AS u (claim, owner, m, i)
            JOIN scans AS s ON s.scan_id = u.claim
            LEFT JOIN holds AS h ON h.shard = 0 AND h.transfer_id = u.claim
            WHERE u.owner = u.m
        LOOP
            originals[row_.i] := row_.points;
            waits[row_.i] := row_.waits;
        END LOOP;
    END IF;

    IF 'held' = ANY (outcomes) THEN
        INSERT INTO holds (shard, transfer_id, code_id, member_no, campaign_no, amount,
            day, reason)
        SELECT 0, s, c, m, g, p, in_day, reason
        FROM unnest(in_scan_ids, in_code_ids, in_members, in_campaigns, credited,
            outcomes, in_reasons) AS u (s, c, m, g, p, outcome, reason)
        WHERE p > 0 AND outcome = 'held';
    END IF;

    FOR row_ IN
        SELECT u.i, CASE WHEN u.m <> 0 THEN coalesce(b.available, 0) END AS available,
            coalesce(v.scans, 0) + (k.code_id IS NOT NULL)::int AS seen
        FROM unnest(in_code_ids, in_members, live) WITH ORDINALITY AS u (c, m, live, i)
        LEFT JOIN claims AS k ON k.code_id = u.c
        LEFT JOIN sightings AS v ON v.code_id = u.c
        LEFT JOIN balances AS b ON b.member_no = u.m
        WHERE u.live
    LOOP
        scan_counts[row_.i] := row_.seen;
        availables[row_.i] := row_.available;
    END LOOP;

    INSERT INTO scans (scan_id, code_id, member_no, outcome, points, campaign_no,
        available, claim_scan_id, scan_count, facts)
    SELECT s, c, nullif(m, 0), outcome, p, nullif(g, 0), available, claim, seen, f
    FROM unnest(in_scan_ids, in_code_ids, in_members, outcomes, credited, in_campaigns,
        availables, claim_scans, scan_counts, in_facts, live, repeats)
        AS u (s, c, m, outcome, p, g, available, claim, seen, f, live, repeated)
    WHERE live AND repeated IS NULL;

    INSERT INTO scan_traces (scan_id, network, device, cell)
    SELECT s, w, nullif(d, ''), nullif(h, 0)
    FROM unnest(in_scan_ids, in_networks, in_devices, in_cells, live, repeats)
        AS u (s, w, d, h, live, repeated)
    WHERE live AND repeated IS NULL;
END $$;
