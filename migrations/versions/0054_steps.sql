-- rewards: what adds tickets to draws, many in one call.

-- Adds tickets to each draw that is open at `in_now` and not frozen; `added` is 0 for
-- the others. A transfer names its tickets; those of a scan that is held take part once
-- they are released. No origin: the member took part. Locks: the counters of draws, by
-- number, which come after everything else that is locked.
CREATE FUNCTION add_tickets(
    in_shard smallint, in_now timestamptz, in_transfers bigint[], in_members bigint[],
    in_origins bigint[], in_draws integer[], in_amounts integer[], in_held boolean[],
    OUT added integer[]
) LANGUAGE plpgsql SET enable_seqscan = off AS $$
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

-- Ends the waiting of held tickets, named by their transfers: they take part, or are
-- void. What is released once its draw is frozen is late. Locks the counters of their
-- draws, by number, after everything else.
CREATE FUNCTION release_tickets(
    in_shard smallint, in_transfers bigint[], in_posted boolean[]
) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
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
        RETURNING t.draw_no, t.amount, t.state
    )
    UPDATE draw_counters AS c SET tickets = c.tickets + n.amount
    FROM (SELECT draw_no, sum(amount) AS amount FROM ended WHERE state = 'valid'
        GROUP BY draw_no) AS n
    WHERE c.draw_no = n.draw_no;
END $$;
