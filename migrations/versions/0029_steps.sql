-- The steps of 0028 that touch the tables of codes, each row of them by its shard. Their
-- arguments are as they were: an entry that has begun calls them as they stand by then.

-- codegen -----------------------------------------------------------------------------

-- Single voids, which only PostgreSQL knows for sure.
CREATE OR REPLACE FUNCTION find_voids(
    in_shard smallint, in_code_ids bigint[], INOUT outcomes text[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
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

-- crowncap.recovery -------------------------------------------------------------------

-- What was claimed after a backup that was restored has been answered, and paid
-- perhaps: whoever claims it now waits for a person.
CREATE OR REPLACE FUNCTION hold_forgotten(
    in_shard smallint, in_code_ids bigint[], INOUT outcomes text[], INOUT reasons text[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
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

-- scan_api ----------------------------------------------------------------------------

-- Each code to the first who asks, in the order of codes. `won` are the scans that
-- claim theirs. Raises CC004 when a code that the filter called claimed is not: its scan
-- was never judged, and a bit without a claim (a restored backup, a failover) must not
-- let it past the rules.
CREATE OR REPLACE FUNCTION claim_codes(
    in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[],
    in_claims boolean[], in_live boolean[], in_planned text[],
    INOUT outcomes text[], OUT won boolean[],
    OUT claim_scans bigint[], OUT claim_owners bigint[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    n     integer := cardinality(in_scan_ids);
    found record;
BEGIN
    won := array_fill(false, ARRAY[n]);
    claim_scans := array_fill(NULL::bigint, ARRAY[n]);
    claim_owners := claim_scans;
    INSERT INTO claims (shard, code_id, scan_id, member_no)
    SELECT in_shard, c, s, m
    FROM unnest(in_code_ids, in_scan_ids, in_members, in_claims, outcomes, in_live)
        AS u (c, s, m, claims, outcome, live)
    WHERE claims AND live AND outcome <> 'not_active'
    ORDER BY c
    ON CONFLICT (shard, code_id) DO NOTHING;

    FOR found IN
        SELECT u.i, k.scan_id, k.member_no
        FROM unnest(in_code_ids, in_live) WITH ORDINALITY AS u (c, live, i),
        LATERAL (SELECT scan_id, member_no FROM claims
            WHERE shard = in_shard AND code_id = u.c OFFSET 0) AS k
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
CREATE OR REPLACE FUNCTION give_claims_back(
    in_shard smallint, in_code_ids bigint[], in_outcomes text[], INOUT won boolean[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
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

-- How often a code was seen: all scans but the one that claimed it. What equals a scan
-- of a few minutes ago is that scan, and neither counted nor kept; `repeats` says which.
-- The first scan of a code that nobody saw is all that most codes ever have.
CREATE OR REPLACE FUNCTION count_sightings(
    in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[],
    in_networks inet[], in_devices bytea[], in_outcomes text[], in_claim_scans bigint[],
    in_live boolean[], in_won boolean[], OUT repeats bigint[]
) LANGUAGE plpgsql AS $$
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
        WITH looks AS (
            SELECT i, c, s, scan_tags(m, w, d, outcome, claim) AS tags
            FROM unnest(in_code_ids, in_scan_ids, in_members, in_networks, in_devices,
                in_outcomes, in_claim_scans, in_live, in_won)
                WITH ORDINALITY AS u (c, s, m, w, d, outcome, claim, live, won, i)
            WHERE live AND NOT won
        ), firsts AS (
            INSERT INTO sightings (shard, code_id, scans, recent_tags, recent_scans)
            SELECT DISTINCT ON (c) in_shard, c, 1, tags,
                array_fill(s, ARRAY[cardinality(tags)])
            FROM looks ORDER BY c, i
            ON CONFLICT (shard, code_id) DO NOTHING
            RETURNING code_id, recent_scans[1] AS scan_id
        )
        SELECT i, c, s, tags FROM looks
        WHERE (c, s) NOT IN (SELECT code_id, scan_id FROM firsts) ORDER BY c, i
    LOOP
        SELECT recent_tags, recent_scans INTO seen FROM sightings
        WHERE shard = in_shard AND code_id = look.c FOR UPDATE;
        repeats[look.i] := find_repeated(
            look.tags, look.s, seen.recent_tags, seen.recent_scans);
        CONTINUE WHEN repeats[look.i] IS NOT NULL;
        UPDATE sightings SET
            scans = scans + 1,
            recent_tags = (look.tags || recent_tags)[1:8],
            recent_scans = (array_fill(look.s, ARRAY[cardinality(look.tags)])
                || recent_scans)[1:8]
        WHERE shard = in_shard AND code_id = look.c;
    END LOOP;
END $$;

-- How often each code has been seen by now, and what a caller's own earlier claim
-- earned: `waits` while a review of that is to come.
CREATE OR REPLACE FUNCTION read_codes(
    in_shard smallint, in_code_ids bigint[], in_members bigint[], in_live boolean[],
    in_won boolean[], in_claim_scans bigint[], in_claim_owners bigint[],
    OUT scan_counts bigint[], OUT originals integer[], OUT waits boolean[]
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

-- What remains of a scan, and apart from it for a while where it came from. What a
-- member had by then and how often the code was seen is the answer's, not the scan's:
-- both are known to the ledger and to sightings.
CREATE OR REPLACE FUNCTION write_scans(
    in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[],
    in_outcomes text[], in_points bigint[], in_campaigns bigint[], in_availables bigint[],
    in_claim_scans bigint[], in_scan_counts bigint[], in_facts bytea[],
    in_networks inet[], in_devices bytea[], in_cells bigint[], in_live boolean[],
    in_repeats bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
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
END $$;

-- Partitions --------------------------------------------------------------------------

-- The smallest key from `first` on in the default partition; NULL where there is none.
-- Of the one shard that a machine by itself has: its keys begin with that.
CREATE OR REPLACE FUNCTION lowest_in_default(parent regclass, first bigint)
RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    how    record := partitioning_of(parent);
    lowest bigint;
BEGIN
    IF how.fallback IS NOT NULL THEN
        EXECUTE format('SELECT min(%2$s) FROM ONLY %1$s WHERE shard = 0 AND %2$s >= $1',
            how.fallback, how.key) INTO lowest USING first;
    END IF;
    RETURN lowest;
END $$;

-- Covers a stretch of keys that has no partition, as far as one step goes; gives how
-- many partitions it made, 0 or 1. Two things make it go in steps:
--
-- * More rows than one lock should last: it covers as far as the first rows reach.
-- * The stretch is of now, so its rows are being written into the default. Whoever
--   writes while their partition is attached fails, so it covers what begins a moment
--   from now, and the rest when nobody writes there any more.
CREATE OR REPLACE FUNCTION cover_stretch(
    parent regclass, wished text, first bigint, last bigint)
RETURNS integer LANGUAGE plpgsql AS $$
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
END $$;
