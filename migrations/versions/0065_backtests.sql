-- A backtest is a row that a job goes on with: what it has counted, and up to which
-- scan, are written in one, so that a process that dies loses some seconds of work.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE backtests (
    backtest_id  bigint NOT NULL,
    first_scan   bigint NOT NULL,
    after_scan   bigint NOT NULL,
    upto_scan    bigint NOT NULL,
    from_at      timestamptz NOT NULL,
    to_at        timestamptz NOT NULL,
    asked_at     timestamptz NOT NULL,
    ended_at     timestamptz,
    version      integer NOT NULL,
    live_version integer NOT NULL,
    parts        integer NOT NULL,  -- of 10,000 parts of all scans
    place        smallint,          -- one of few, as long as it is not over
    state        text NOT NULL,
    fault        text,
    asked_by     text NOT NULL,
    trial        jsonb NOT NULL,
    CONSTRAINT backtests_pkey PRIMARY KEY (backtest_id),
    CONSTRAINT backtest_of_a_rule_set FOREIGN KEY (version) REFERENCES rule_sets,
    CONSTRAINT backtest_beside_a_rule_set
        FOREIGN KEY (live_version) REFERENCES rule_sets,
    CONSTRAINT backtest_in_a_place UNIQUE (place),
    CONSTRAINT few_backtests_at_once CHECK (place BETWEEN 1 AND 3),
    CONSTRAINT backtest_state_is_known
        CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    CONSTRAINT a_place_until_it_is_over
        CHECK ((place IS NOT NULL) = (state IN ('waiting', 'running'))
            AND (place IS NULL) = (ended_at IS NOT NULL)),
    CONSTRAINT only_what_failed_has_a_fault
        CHECK ((fault IS NOT NULL) = (state = 'failed')),
    CONSTRAINT backtest_of_some_parts CHECK (parts BETWEEN 1 AND 10000),
    CONSTRAINT backtest_goes_on
        CHECK (first_scan <= after_scan AND after_scan <= upto_scan)
);
CREATE INDEX backtests_of_version ON backtests (version, backtest_id);
