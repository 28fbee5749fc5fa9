-- How many scans rules refused, a row a minute; they stay on one node.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE refusal_minutes (
    minute  timestamptz NOT NULL,
    refused bigint NOT NULL,
    CONSTRAINT refusal_minutes_pkey PRIMARY KEY (minute),
    CONSTRAINT refusals_were_some CHECK (refused > 0)
);
