-- What rules and analysts came to, counted once by one job: some hundred rows a day.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- `figure` says what is counted, and `name` of what: an outcome, a rule, a step of score.
CREATE TABLE fraud_days (
    day    date NOT NULL,
    figure text NOT NULL,
    name   text NOT NULL,
    n      bigint NOT NULL,
    CONSTRAINT fraud_days_pkey PRIMARY KEY (day, figure, name)
);

-- How far: the last scan, and the last entry of a case's timeline.
CREATE TABLE fraud_days_counted (
    only_row   boolean NOT NULL DEFAULT true,
    scan_id    bigint NOT NULL DEFAULT 0,
    entry_id   bigint NOT NULL DEFAULT 0,
    counted_at timestamptz,
    CONSTRAINT fraud_days_counted_pkey PRIMARY KEY (only_row),
    CONSTRAINT fraud_days_counted_only_row_check CHECK (only_row)
);
INSERT INTO fraud_days_counted DEFAULT VALUES;

-- What waits for a second person is looked for on each page of the queue, among all
-- that is open.
CREATE INDEX cases_that_wait ON cases (due_at, case_id) WHERE state = 'waiting';
