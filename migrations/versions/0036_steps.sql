-- Writes down what a transaction did, in its place: not before any change whose
-- transaction had ended by now (of these the last is below xmax), nor before anything
-- that somebody has read on from (who reads stops below every transaction that runs, and
-- so below this one). Of two that note the same xid, the later drew the higher place.
-- To be called when the locks of what is told of are held.
CREATE FUNCTION write_outbox(
    in_shard smallint, in_kind text, in_ids bigint[], in_events jsonb
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (shard, era, xid, place, at, kind, ids, events)
    SELECT in_shard, s.era, greatest(pg_current_xact_id()::text::bigint,
            pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1),
        nextval('outbox_places'), clock_timestamp(), in_kind, in_ids, in_events
    FROM outbox_state AS s;
END $$;
