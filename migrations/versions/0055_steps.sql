-- rewards: what completes sets of cards, many in one call.

-- Notes which members have all cards of a set by now, once for ever; `completed` are the
-- cards that did it. Balances have the cards already, but for those that are held. Locks
-- what members collect, by member and set, after everything else: of two cards of one
-- member at once the second sees the first.
CREATE FUNCTION complete_sets(
    in_shard smallint, in_now timestamptz, in_transfers bigint[], in_members bigint[],
    in_cards integer[], in_held boolean[], OUT completed boolean[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
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
