-- One row of the outbox for all scans of a batch that claimed and earned: eight bytes a
-- scan, from whose own row whoever reads is told the rest (scan_api.store.scan_events).
CREATE OR REPLACE FUNCTION write_scans(
    in_shard smallint, in_scan_ids bigint[], in_code_ids bigint[], in_members bigint[],
    in_outcomes text[], in_points bigint[], in_campaigns bigint[],
    in_availables bigint[], in_claim_scans bigint[], in_scan_counts bigint[],
    in_facts bytea[], in_networks inet[], in_devices bytea[], in_cells bigint[],
    in_live boolean[], in_repeats bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
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
