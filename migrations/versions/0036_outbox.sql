-- What happened, a row for each change or batch of scans: read in the order of
-- (era, xid, place), and forgotten after a while. An era ends when the database was put
-- back, since its transactions are numbered anew from then on.
CREATE TABLE outbox (
    shard  smallint NOT NULL,
    era    smallint NOT NULL,
    xid    bigint NOT NULL,
    place  bigint NOT NULL,
    at     timestamptz NOT NULL,
    kind   text NOT NULL,
    -- Numbers of rows that tell what happened to them, or
    ids    bigint[],
    -- [type, data] of each event.
    events jsonb,
    CONSTRAINT outbox_pkey PRIMARY KEY (shard, era, xid, place),
    CONSTRAINT told_or_numbered CHECK (
        CASE kind WHEN 'told' THEN ids IS NULL AND jsonb_array_length(events) > 0
            ELSE events IS NULL AND cardinality(ids) > 0 END)
);

CREATE TABLE outbox_state (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    era       smallint NOT NULL DEFAULT 0,
    -- The last event that is no longer kept.
    forgotten text
);
INSERT INTO outbox_state DEFAULT VALUES;

-- Not a default of the table: the function below draws from it where the rows are.
CREATE SEQUENCE outbox_places;
