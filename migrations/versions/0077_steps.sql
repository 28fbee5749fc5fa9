-- Each code to the first who asks, in the order of codes, but to nobody who was denied it:
-- that is refused. `won` are the scans that claim theirs. Raises CC004 when a code that was
-- called or seen claimed is not: its scan was never judged, and neither a bit without a
-- claim nor a claim that ends a moment later must let it past the rules. Raises
-- unique_violation when a scan has claimed its code already: an attempt whose answer was
-- lost had won, and what it did is read back, not done again.
CREATE OR REPLACE FUNCTION claim_codes(
    in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[],
    in_members bigint[], in_claims boolean[], in_live boolean[], in_planned text[],
    INOUT outcomes text[], OUT won boolean[], OUT claim_scans bigint[],
    OUT claim_owners bigint[]
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

CREATE OR REPLACE FUNCTION insert_claims(
    in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[],
    in_members bigint[], in_claims boolean[], in_live boolean[], in_outcomes text[],
    OUT made bigint[]
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
