-- Whose goods are claimed where they are not to be sold, counted by a job.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

INSERT INTO background_marks (name) VALUES ('dealers');

-- By the business day of the claims; a code is claimed once, and so counted once.
CREATE TABLE dealer_days (
    day date NOT NULL,
    dealer text NOT NULL,
    codes bigint NOT NULL,
    outside bigint NOT NULL,
    PRIMARY KEY (day, dealer),
    CONSTRAINT outside_are_codes CHECK (outside BETWEEN 0 AND codes)
);
CREATE INDEX dealer_days_by_dealer ON dealer_days (dealer, day);
