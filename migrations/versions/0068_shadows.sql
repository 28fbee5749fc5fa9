-- A run is a version's time in the shadow; its number is that of the change which began
-- it. Workers add up what they counted, some rows a day; scans of which the versions say
-- otherwise are kept as far as they are few.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE shadow_runs (
    run        bigint NOT NULL,
    until      timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    version    integer NOT NULL,
    started_by text NOT NULL,
    ended_by   text,
    CONSTRAINT shadow_runs_pkey PRIMARY KEY (run),
    CONSTRAINT run_by_a_change FOREIGN KEY (run) REFERENCES rule_set_changes,
    CONSTRAINT run_of_a_committed FOREIGN KEY (version) REFERENCES rule_set_commits,
    CONSTRAINT run_ended_by_somebody CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX one_shadow_at_once ON shadow_runs ((ended_at IS NULL))
    WHERE ended_at IS NULL;
CREATE INDEX shadow_runs_of_version ON shadow_runs (version, run);

-- By the live verdict and the shadow's; missed is what nobody asked the shadow.
CREATE TABLE shadow_outcomes (
    run    bigint NOT NULL,
    scans  bigint NOT NULL,
    day    date NOT NULL,
    live   text NOT NULL,
    shadow text NOT NULL,
    CONSTRAINT shadow_outcomes_pkey PRIMARY KEY (run, day, live, shadow),
    CONSTRAINT outcomes_of_a_run FOREIGN KEY (run) REFERENCES shadow_runs,
    CONSTRAINT shadow_outcome_is_known CHECK (live IN ('pass', 'hold', 'refuse')
        AND shadow IN ('pass', 'hold', 'refuse', 'missed') AND scans > 0)
);

CREATE TABLE shadow_rules (
    run         bigint NOT NULL,
    live_hits   bigint NOT NULL,
    shadow_hits bigint NOT NULL,
    both_hits   bigint NOT NULL,
    failed      bigint NOT NULL,
    day         date NOT NULL,
    rule_id     text NOT NULL,
    CONSTRAINT shadow_rules_pkey PRIMARY KEY (run, day, rule_id),
    CONSTRAINT rules_of_a_run FOREIGN KEY (run) REFERENCES shadow_runs,
    CONSTRAINT both_hit_where_each_does
        CHECK (both_hits BETWEEN 0 AND least(live_hits, shadow_hits) AND failed >= 0)
);

-- Append-only by grant.
CREATE TABLE shadow_differences (
    run          bigint NOT NULL,
    scan_id      bigint NOT NULL,
    live_score   integer NOT NULL,
    shadow_score integer NOT NULL,
    shard        smallint NOT NULL DEFAULT 0,
    live         text NOT NULL,
    shadow       text NOT NULL,
    CONSTRAINT shadow_differences_pkey PRIMARY KEY (shard, run, scan_id),
    CONSTRAINT they_differ CHECK (live <> shadow)
);
