-- A scan_id holds its worker's number, so two live workers must never share one. The
-- lock of whoever has a number is gone with its connection; this table remembers, so
-- that a number is left alone until its last holder surely knows, and for the audit.
CREATE TABLE worker_leases (
    lease_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    worker_no integer NOT NULL CHECK (worker_no BETWEEN 0 AND 1023),
    host text NOT NULL,
    pid integer NOT NULL,
    started_at timestamptz NOT NULL,
    -- The last time that the holder was heard of, and the largest id it had given then.
    seen_at timestamptz NOT NULL,
    last_id bigint NOT NULL,
    -- Null while it is held, and for good after a crash.
    ended_at timestamptz
) WITH (fillfactor = 50);
CREATE INDEX worker_leases_by_number ON worker_leases (worker_no, lease_no);
