-- Dealers whose goods are claimed where they are not to be sold, found by a job: some
-- hundred rows, which workers load.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- `firsts` and `lasts` are the ends of stretches of codes, as known of `event_no`.
CREATE TABLE watched_dealers (
    dealer text PRIMARY KEY,
    codes bigint NOT NULL,
    outside bigint NOT NULL,
    firsts bigint[] NOT NULL,
    lasts bigint[] NOT NULL,
    event_no bigint NOT NULL,
    CONSTRAINT watched_are_outside CHECK (outside BETWEEN 1 AND codes),
    CONSTRAINT stretches_have_both_ends CHECK (cardinality(firsts) = cardinality(lasts))
);

CREATE INDEX logistic_events_by_location ON logistic_events (biz_location, event_no)
    WHERE kind IN ('receiving', 'shipping');

-- Scans that are held for a dealer's share are one case a dealer.
ALTER TABLE cases DROP CONSTRAINT case_subject_is_known;
ALTER TABLE cases ADD CONSTRAINT case_subject_is_known
    CHECK (subject_kind IN ('code', 'device', 'member', 'network', 'dealer', 'batch'));
