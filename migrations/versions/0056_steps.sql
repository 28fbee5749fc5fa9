-- rewards: the same as it was, and what ends unpaid is told by its numbers, so that it
-- can be counted too.
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
    PERFORM tell_payouts(in_shard, ARRAY(SELECT id FROM unnest(ended) AS u (id)
        WHERE id <> ALL (unpaid.ids)));
    IF unpaid.transfers IS NOT NULL THEN
        PERFORM write_outbox(in_shard, 'unpaid', unpaid.ids, NULL);
    END IF;
    RETURN ended;
END $$;
